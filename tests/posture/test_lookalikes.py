"""What looks like a condition and is none is refused with the right form; words are looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.errors import UsageError
from plumbline.posture import explore, facets, lookalikes, refining
from plumbline.posture.filters import parse
from plumbline.posture.relation import PARTIAL
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from small import Made

FINDINGS = RELATIONS["findings"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PIECES = (
    "a", "OR", "and", "NOT", "(", ")", "(a", "b)", "|", "severity", ">=", "=", ":", "kev:yes", "-",
    "!", "os:", "high", ",", '"x"', "foo:", "~", "!=",
)  # fmt: skip
FORMS = {
    "severity>=high": "severity:>=high",
    "severity=>high": "severity:>=high",
    "severity>=high,low": "severity:>=high,low",
    "severity >= high": "severity:>=high",
    "severity >=high": "severity:>=high",
    "severity>= high": "severity:>=high",
    "severity : high": "severity:high",
    "severity=critical,high": "severity:critical,high",
    "state == open": "state:open",
    "severity!=low": "-severity:low",
    "-severity!=low": "severity:low",
    "-severity=low": "-severity:low",
    "port<3": "port:<3",
    "vpr>3": "vpr:>3",
    "os~windows": "os:windows",
    "os>windows": "os:windows",
    "sevrity>=high": "severity",
    "sevrity:high": "severity",
    "foo:bar": '"foo:bar"',
    "log4j<2.15": '"log4j<2.15"',
    "a OR b": "a,b",
    "a or b": "a,b",
    "a | b": "a,b",
    "a || b || c": "a,b,c",
    "a|b": "a,b",
    "(a OR b)": "a,b",
    "severity:critical OR severity:high": "severity:critical,high",
    "os:windows or os:linux": "os:windows,linux",
    "severity:critical OR kev:yes": "ask twice",
    "a OR": "ask twice",
    "a AND b": "a b",
    "a && b": "a b",
    "severity:high and kev:yes": "severity:high kev:yes",
    "NOT kev:yes": "-kev:yes",
    "not kev:yes": "-kev:yes",
    "NOT -apache": "apache",
    "!kev:yes": "-kev:yes",
    "!apache": "-apache",
    "+kev:yes": "kev:yes",
    "(a)": "write a;",
    "(severity:high kev:yes)": "severity:high kev:yes",
    "-(a b)": "-a b",
    "severity:critical|high": "severity:critical,high",
    "os:(windows linux)": "os:windows,linux",
    "severity:(critical OR high)": "severity:critical,high",
    "os:!windows": "-os:windows",
    "severity:!=high": "-severity:high",
    "severity:==high": "severity:high",
    "severity:=>high": "severity:>=high",
    "-os:~windows": "-os:windows",
    "severity: high": "without a blank",
}
WORDS = (
    "SSL Version 2 and 3 Protocol Detection",
    "SSL/TLS: Report",
    "Ubuntu 20.04 LTS : openssl (USN-1-1)",
    "Update (KB5034441)",
    "(MS12-020) Vulnerabilities",
    "Tomcat < 9.0.1 Multiple Flaws",
    "Security & Quality Rollup",
    "CVE-2024-1:",
    "MS17-010: Security",
    "fe80::1",
    "fe80::/10",
    "fd00:10:",
    "fe80::1-fe80::9",
    "aa:bb:cc:dd:ee:ff",
    "ab:cd:ef",
    "10.0.0.0/8",
    "C++",
    "x=",
    "OR",
    "not found",
    '"a OR b"',
    '"severity>=high"',
    '"(a)" "a|b"',
    'os:"(a|b)"',
    "os:=Windows",
    "severity:=high",
)


@pytest.mark.parametrize("written", FORMS)
def test_what_looks_like_a_condition_is_refused_with_the_right_form(
    written: str, made: Made
) -> None:
    for ask in (
        lambda: explore.total(FINDINGS, made.estate, parse(written)),
        lambda: facets.counted(FINDINGS, made.estate, parse(written), "severity"),
    ):
        with pytest.raises(UsageError) as caught:
            ask()
        assert FORMS[written] in caught.value.advice
        assert "quotes" in caught.value.advice
        assert "At character" in caught.value.what


@pytest.mark.parametrize("written", WORDS)
def test_ordinary_words_are_searched_for(written: str) -> None:
    lookalikes.refuse(FINDINGS, parse(written))


def test_a_refused_form_that_is_told_can_be_asked() -> None:
    for form in FORMS.values():
        if ":" in form and not form.startswith('"'):
            lookalikes.refuse(FINDINGS, parse(form.removesuffix(";")))


def test_no_field_is_called_as_an_address_begins() -> None:
    for relation in RELATIONS.values():
        for field in relation.fields:
            for name in (field.name, *field.names):
                assert parse(f"{name}:1").terms[0].name == name


@given(text=TEXTS, named=st.booleans())
def test_a_text_in_quotes_is_never_refused(text: str, *, named: bool) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    written = f'{"os:" if named else ""}"{escaped}"'
    query = parse(written)
    lookalikes.refuse(FINDINGS, query)


@given(st.sampled_from(sorted({f.name for f in FINDINGS.fields})), TEXTS.filter(bool))
def test_a_condition_that_a_page_makes_is_never_refused(name: str, value: str) -> None:
    written = str(refining.term(name, value))
    query = parse(written)
    lookalikes.refuse(FINDINGS, query)
    if value.lower() != "none":
        assert refining.chosen(query, FINDINGS, name) == (value,)


@settings(
    max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=6), spaced=st.booleans())
def test_whatever_is_typed_is_answered_or_refused(
    made: Made, pieces: list[str], *, spaced: bool
) -> None:
    try:
        explore.total(FINDINGS, made.estate, parse((" " if spaced else "").join(pieces)))
    except UsageError:
        return


@pytest.mark.parametrize("name", ["os", "family", "plugin_name", "dns_name", "asset_lists"])
def test_a_value_that_a_facet_counts_is_found_as_often(name: str, made: Made) -> None:
    query = parse("state:open,reopened")
    assert ("=" in str(refining.term(name, "x"))) is (name in PARTIAL)
    for row in facets.counted(FINDINGS, made.estate, query, name).fetch().to_pylist():
        value = "none" if row["value"] is None else row["value"]
        held = refining.narrowed(query, FINDINGS, name, value)
        assert explore.total(FINDINGS, made.estate, held) == row["rows"]
