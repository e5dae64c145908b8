"""Loose values are read one way."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.normalise import (
    Note,
    addresses,
    names,
    plugin_ids,
    ports,
    scores,
    severities,
    times,
)
from plumbline.domain.normalise.references import Kev, kev
from plumbline.domain.oddities import Oddities
from plumbline.domain.severity import Severity

YES = True
READERS = [
    addresses.address,
    names.dns_name,
    names.netbios_name,
    times.moment,
    scores.epss,
    scores.vpr,
    scores.cvss,
    scores.acr,
    scores.aes,
    plugin_ids.plugin_id,
    ports.port,
    ports.protocol,
    severities.severity,
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
ALMOST = st.from_regex(
    r"[-+]?[0-9]{0,14}[.,%:/ -]?[0-9a-fA-F]{0,4}[.:/ -]?[0-9]{0,4}( [A-Za-z]{0,4})?", fullmatch=True
)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
@given(value=ANYTHING | ALMOST)
def test_reading_never_raises_and_again_changes_nothing(reader: Any, value: Any) -> None:
    read = reader(value)
    assert not (read.odd and read.value is not None)
    if read.value is not None:
        assert reader(read.value) == (read.value, None)


@given(st.ip_addresses())
def test_canonical_addresses_stay(address: IPv4Address | IPv6Address) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    text = str(mapped or address)
    assert addresses.address(text) == (text, None)
    assert addresses.identity(f" {text} ") == text


@given(st.integers(times.EARLIEST, times.LATEST))
def test_seconds_in_bounds_stay(seconds: int) -> None:
    if seconds < 10**11:
        assert times.moment(seconds) == times.moment(str(seconds)) == (seconds, None)


@given(st.floats(0, 1))
def test_fractions_stay(score: float) -> None:
    assert scores.epss(score) == (score, None)


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        ("2001:DB8:0:0::1", "2001:db8::1", Note.ADDRESS_REWRITTEN),
        ("[2001:db8::1]", "2001:db8::1", Note.ADDRESS_REWRITTEN),
        ("fe80::1%eth0", "fe80::1", Note.ADDRESS_ZONE),
        ("::ffff:10.0.0.1", "10.0.0.1", Note.ADDRESS_MAPPED),
        ("010.008.000.009", "10.8.0.9", Note.ADDRESS_ZEROS),
        (" 10.0.0.1 ", "10.0.0.1", None),
        ("10.0.0.256", None, Note.ADDRESS_UNREADABLE),
        ("host", None, Note.ADDRESS_UNREADABLE),
        (["10.0.0.1"], None, Note.ADDRESS_UNREADABLE),
        ("N/A", None, None),
        (None, None, None),
    ],
)
def test_addresses(value: Any, expected: str | None, note: Note | None) -> None:
    assert addresses.address(value) == (expected, note)


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        ("Host.Example.", "host.example", Note.NAME_DOT),
        (" HOST.example ", "host.example", None),
        (".", None, None),
        ("n/a", None, None),
    ],
)
def test_names(value: Any, expected: str | None, note: Note | None) -> None:
    assert names.dns_name(value) == (expected, note)


SEPTEMBER_21 = 1_790_004_000
"""2026-09-21 15:20 UTC."""
MIDNIGHT = SEPTEMBER_21 - 15 * 3600 - 20 * 60


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        (SEPTEMBER_21, SEPTEMBER_21, None),
        (f"{SEPTEMBER_21}.75", SEPTEMBER_21, None),
        (SEPTEMBER_21 * 1000 + 5, SEPTEMBER_21, Note.TIME_MILLISECONDS),
        ("Sep 21, 2026 15:20:00 UTC", SEPTEMBER_21, None),
        ("Sep 21, 2026 11:20:00 EDT", SEPTEMBER_21, None),
        ("Sep 21, 2026 10:20:00 AM CDT", SEPTEMBER_21, None),
        ("Sep 21, 2026 20:50:00 +0530", SEPTEMBER_21, None),
        ("Sep 21, 2026 15:20:00 IST", SEPTEMBER_21, Note.TIME_ZONE_UNKNOWN),
        ("Mon Sep 21 15:20:00 2026", SEPTEMBER_21, None),
        ("Mon, 21 Sep 2026 15:20:00 +0000", SEPTEMBER_21, None),
        ("2026-09-21 15:20", SEPTEMBER_21, None),
        ("2026-09-21T15:20:00.000Z", SEPTEMBER_21, None),
        ("9/21/2026 15:20", SEPTEMBER_21, None),
        ("9/21/26 3:20 PM", SEPTEMBER_21, None),
        ("21/9/2026 15:20", SEPTEMBER_21, None),
        ("21.09.2026 15:20:00", SEPTEMBER_21, None),
        ("21-Sep-26", MIDNIGHT, None),
        ("21 September 2026", MIDNIGHT, None),
        ("2026/09/21", MIDNIGHT, None),
        ("9/9/2026", MIDNIGHT - 12 * 86_400, None),
        ("9/1/2026 10:00", None, Note.TIME_AMBIGUOUS),
        ("13/13/2026", None, Note.TIME_UNREADABLE),
        ("Feb 30, 2026", None, Note.TIME_UNREADABLE),
        ("yesterday", None, Note.TIME_UNREADABLE),
        (True, None, Note.TIME_UNREADABLE),
        ("1989-12-31", None, Note.TIME_OUTSIDE),
        ("Jan 1, 2100 00:00:00 UTC", None, Note.TIME_OUTSIDE),
        (SEPTEMBER_21 * 1_000_000, None, Note.TIME_OUTSIDE),
        (-SEPTEMBER_21, None, Note.TIME_OUTSIDE),
    ],
)
def test_times(value: Any, expected: int | None, note: Note | None) -> None:
    assert times.moment(value, latest=SEPTEMBER_21 + times.DAY) == (expected, note)


@pytest.mark.parametrize(
    "value",
    [
        0,
        -1,
        "0",
        "-1",
        -1.0,
        "",
        None,
        "N/A",
        "never",
        "1970-01-01",
        "Jan 1, 1970",
        "1/1/1970",
        "Dec 31, 1969 19:00:00 EST",
        "1970-01-01T01:00:00+01:00",
        "Thu Jan  1 00:00:00 1970",
        "1-Jan-70",
        "0000-00-00 00:00:00",
        "01.01.1970",
        3600,
    ],
)
def test_no_time(value: Any) -> None:
    assert times.moment(value) == (None, None)


def test_ambiguous_dates_are_read_as_the_rest_of_their_column() -> None:
    assert times.day_order(["9/1/2026", "9/21/2026", None, 5]) is False
    assert times.day_order(["1/9/2026", "21/9/2026 10:00"]) is True
    assert times.day_order(["9/21/2026", "21/9/2026"]) is None
    assert times.day_order(["9/1/2026"]) is None
    september = MIDNIGHT - 20 * 86_400
    assert times.moment("9/1/2026", day_first=False).value == september
    assert times.moment("1/9/2026", day_first=True).value == september


def test_publications_are_older_than_scans_and_products_end_later() -> None:
    assert times.moment("1985/01/01", earliest=times.EARLIEST_PUBLISHED).value == 473_385_600
    assert times.moment("2100-01-01").value == 4_102_444_800


@pytest.mark.parametrize(
    ("reader", "value", "expected", "note"),
    [
        (scores.epss, "0.9712", 0.9712, None),
        (scores.epss, "97.12", 0.9712, Note.EPSS_PER_CENT),
        (scores.epss, 97.12, 0.9712, Note.EPSS_PER_CENT),
        (scores.epss, "97.12%", 0.9712, Note.EPSS_PER_CENT),
        (scores.epss, "97,12 %", 0.9712, Note.EPSS_PER_CENT),
        (scores.epss, "0.5%", 0.005, Note.EPSS_PER_CENT),
        (scores.epss, "0,9712", 0.9712, Note.SCORE_COMMA),
        (scores.epss, "1", 1.0, None),
        (scores.epss, "1.5e-3", 0.0015, None),
        (scores.epss, "101", None, Note.SCORE_OUTSIDE),
        (scores.epss, "-0.5", None, Note.SCORE_OUTSIDE),
        (scores.epss, "%", None, Note.SCORE_UNREADABLE),
        (scores.epss, "N/A", None, None),
        (scores.vpr, "9,8", 9.8, Note.SCORE_COMMA),
        (scores.vpr, "98", None, Note.SCORE_OUTSIDE),
        (scores.vpr, "None", None, None),
        (scores.cvss, 10, 10.0, None),
        (scores.cvss, "nan", None, Note.SCORE_UNREADABLE),
        (scores.cvss, "1_0", None, Note.SCORE_UNREADABLE),
        (scores.acr, "11", None, Note.SCORE_OUTSIDE),
        (scores.aes, "1000", 1000.0, None),
        (scores.aes, "1,000", None, Note.SCORE_UNREADABLE),
        (scores.cvss, -1, None, None),
        (scores.cvss, [], None, Note.SCORE_UNREADABLE),
    ],
)
def test_scores(reader: Any, value: Any, expected: float | None, note: Note | None) -> None:
    assert reader(value) == (expected, note)


@pytest.mark.parametrize("value", ["-7", "0", "19506", str(2**63 - 1), str(-(2**63)), "-1"])
def test_plugin_ids(value: str) -> None:
    assert plugin_ids.plugin_id(value) == plugin_ids.plugin_id(int(value)) == (int(value), None)


@pytest.mark.parametrize("value", ["x", 2**63, "1.5", True, "1e3"])
def test_plugin_ids_that_are_none(value: Any) -> None:
    assert plugin_ids.plugin_id(value) == (None, Note.PLUGIN_UNREADABLE)
    assert plugin_ids.plugin_id(None) == (None, Note.PLUGIN_ABSENT)


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        ("443", 443, None),
        (443.0, 443, None),
        ("0", 0, None),
        ("N/A", None, None),
        ("70000", None, Note.PORT_UNREADABLE),
        ("-2", None, Note.PORT_UNREADABLE),
    ],
)
def test_ports(value: Any, expected: int | None, note: Note | None) -> None:
    assert ports.port(value) == (expected, note)


@pytest.mark.parametrize(
    ("value", "expected", "note"),
    [
        ("tcp", "TCP", None),
        ("6", "TCP", Note.PROTOCOL_NUMBER),
        (17, "UDP", Note.PROTOCOL_NUMBER),
        ("1", "ICMP", Note.PROTOCOL_NUMBER),
        ("sctp", "SCTP", None),
        ("132", "132", None),
        ("", None, None),
    ],
)
def test_protocols(value: Any, expected: str | None, note: Note | None) -> None:
    assert ports.protocol(value) == (expected, note)


@pytest.mark.parametrize(
    ("told", "expected", "note"),
    [
        (("3",), Severity.HIGH, None),
        ((3,), Severity.HIGH, None),
        (("3.0", "Low"), Severity.HIGH, None),
        (("High",), Severity.HIGH, None),
        (("", "High", "High Severity"), Severity.HIGH, Note.SEVERITY_BY_NAME),
        ((None, None, "Critical Severity"), Severity.CRITICAL, Note.SEVERITY_BY_NAME),
        (("0", "Critical"), Severity.INFO, None),
        (("5", "Emergency"), None, Note.SEVERITY_UNREADABLE),
        (("-1", "?"), None, Note.SEVERITY_UNREADABLE),
        ((None,), None, Note.SEVERITY_UNREADABLE),
    ],
)
def test_severities(told: tuple[Any, ...], expected: Severity | None, note: Note | None) -> None:
    assert severities.severity(*told) == (expected, note)


@pytest.mark.parametrize(
    ("references", "expected"),
    [
        ("CWE #79,CISA-KNOWN-EXPLOITED #2022/05/03,IAVA #1", Kev(YES, "2022/05/03")),
        ("CISA-KNOWN-EXPLOITED: 2022-05-03", Kev(YES, "2022/05/03")),
        ("cisa-known-exploited # 2022/05/03", Kev(YES, "2022/05/03")),
        ("IAVA #1\nCISA-KNOWN-EXPLOITED #2022/05/03", Kev(YES, "2022/05/03")),
        ("CISA-KNOWN-EXPLOITED,CWE #79", Kev(YES)),
        ("CISA-KNOWN-EXPLOITED", Kev(YES)),
        (["CWE #79", "CISA-KNOWN-EXPLOITED #soon"], Kev(YES, "soon")),
        ("CISA-NCAS #AA22-011A", Kev()),
        ("NOT-CISA-KNOWN-EXPLOITED #2022/05/03", Kev()),
        ("CISA-KNOWN-EXPLOITED-LATER #2022/05/03", Kev()),
        (None, Kev()),
        (7, Kev()),
    ],
)
def test_known_exploited(references: Any, expected: Kev) -> None:
    assert kev(references) == expected


def test_oddities_keep_the_first_example_and_can_be_written_down() -> None:
    first, second = Oddities(), Oddities({"bytes that are no text": 2})
    first.add(Note.EPSS_PER_CENT, "97.12%", "line 12")
    second.add(Note.EPSS_PER_CENT, "55%", "line 9")
    first.update(second)
    assert first == {Note.EPSS_PER_CENT: 2, "bytes that are no text": 2}
    assert Oddities.of(first.plain()).plain() == first.plain()
    assert first.examples == {Note.EPSS_PER_CENT: "'97.12%' (line 12)"}
    assert Oddities.of({"field port": 3}) == {"field port": 3}


def test_an_example_is_short() -> None:
    odd = Oddities()
    odd.add("long", "x" * 10_000)
    assert len(odd.examples["long"]) < 100
