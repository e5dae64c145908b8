"""Statements made once for many values are the very statements that would be made for each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.errors import UsageError
from plumbline.posture import explore, questions
from plumbline.posture.filters import parse
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate, Statement

FINDINGS = RELATIONS["findings"]
SAME_FORM = (
    ('family:"A family"', "family:other"),
    ('asset_list:"It\'s a list",b', "asset_list:c,'"),
    ("srv-1", "%_\\"),
    ("-cve:CVE-2026-1", "-cve:none-of-these"),
    ("plugin:10863", "plugin:-5"),
    ("age:>30d", "age:>7"),
    ("port:80..443", "port:1..2"),
    ("port:>=80,..3", "port:>=1,..2"),
    ("ip:10.0.0.0/8", "ip:10.1.2.3"),
    ("ip:10.0.0.1-10.0.0.9", "ip:10.0.0.2..10.0.0.8"),
    ("host:ABC severity:>=high state:open", "host:def severity:>=high state:open"),
)
OTHER_FORM = (
    ("family:a", "family:a*"),
    ("family:a", "family:a,b"),
    ("family:a", "-family:a"),
    ("severity:high", "severity:low"),
    ("kev:yes", "kev:no"),
    ("plugin:1", "plugin:>1"),
    ("ip:10.0.0.1", "ip:fe80::1"),
    ("family:none", 'family:"none"'),
    ("first_seen:<7d", "first_seen:<8d"),
)
WRITTEN = sorted({one for pair in (*SAME_FORM, *OTHER_FORM) for one in pair})


def statement(estate: Estate, query: str, **more: Any) -> Statement:
    return explore.rows(FINDINGS, estate, explore.Request(query=parse(query), limit=9, **more))


def written_out(found: Statement) -> str:
    """The statement with its values as literals."""

    def literal(match: re.Match[str]) -> str:
        value = found.values[match[1]]
        if isinstance(value, int):
            return str(value)
        return "'" + value.replace("'", "''") + "'"

    return re.sub(r"\$(v\d+)", literal, found.sql)


@pytest.mark.parametrize("query", WRITTEN)
def test_with_its_values_it_is_what_would_be_made_for_them(estate: Estate, query: str) -> None:
    request = explore.Request(query=parse(query), limit=9)
    made = str(explore.page(FINDINGS, estate, request).compile())
    assert written_out(statement(estate, query)) == made


@pytest.mark.parametrize(("one", "other"), SAME_FORM)
def test_other_values_need_no_other_statement(estate: Estate, one: str, other: str) -> None:
    first, second = statement(estate, one), statement(estate, other)
    assert first.rows is second.rows
    assert first.values
    assert first.values != second.values


@pytest.mark.parametrize(("one", "other"), OTHER_FORM)
def test_what_a_value_decides_is_another_form(estate: Estate, one: str, other: str) -> None:
    assert statement(estate, one).sql != statement(estate, other).sql


def test_a_place_to_go_on_at_is_a_value(estate: Estate) -> None:
    order = ("-risk", "plugin_name", "first_seen")
    asked = explore.Request(order=order, limit=3, keyed=True)
    rows = explore.rows(FINDINGS, estate, asked).fetch().to_pylist()
    ends = [tuple(v for n, v in row.items() if n.startswith("at__")) for row in rows]
    after = [tuple(v.isoformat() if hasattr(v, "isoformat") else v for v in end) for end in ends]
    found = [statement(estate, "", order=order, after=end) for end in after]
    assert all(one.values for one in found)
    for one, end in zip(found, after, strict=True):
        wanted = explore.Request(order=order, after=end, limit=9)
        assert written_out(one) == str(explore.page(FINDINGS, estate, wanted).compile())


@pytest.mark.parametrize("text", ["~stand-in~000", "918273000", "253.109.48.120"])
def test_who_writes_a_stand_in_is_answered_all_the_same(estate: Estate, text: str) -> None:
    statement(estate, "family:a word")
    found = statement(estate, f'family:"{text}" word')
    assert not found.values
    assert found.fetch().num_rows == 0


def test_a_mistake_is_told_of_what_was_written(estate: Estate) -> None:
    with pytest.raises(UsageError, match=r"(?s)'soon'.*family:a age:>soon"):
        statement(estate, "family:a age:>soon")


def test_a_question_about_one_host_is_made_once_for_all(estate: Estate) -> None:
    keys = [row["host"] for row in questions.ask(estate, "top-hosts").fetch().to_pylist()[:2]]
    for name in ("host", "host-names", "host-lists", "host-events"):
        first, second = (questions.ask(estate, name, (key,)) for key in keys)
        assert first.rows is second.rows, name
        question = questions.named(name)
        made = question.ask(estate, question.arguments((keys[1],)))
        assert written_out(second) == str(made.compile())
