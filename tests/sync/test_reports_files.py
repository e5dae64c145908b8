"""The hard files that lie beside the checkout: each gives the answer that its notes expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.errors import UsageError
from plumbline.ledger import evidence, snapshots
from recordings import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from desk import Desk

REPORTS = DATA / "reports"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not REPORTS.is_dir(), reason="no hard files in ../shared/data/reports"),
]
IN_SEPTEMBER = "epoch(TIMESTAMPTZ '2026-09-21 15:20:00+00')"


def files(number: str) -> dict[str, Path]:
    """The files of a case by name."""
    [folder] = REPORTS.glob(f"{number}-*")
    return {path.name: path for path in sorted(folder.iterdir())}


def test_02_each_compliance_check_is_a_finding_with_its_severity(desk: Desk) -> None:
    desk.take(files("02")["a.nessus"])
    told = desk.ask("SELECT plugin_id, severity, count(*) FROM findings GROUP BY ALL ORDER BY ALL")
    assert told == [
        (10_287, 3, 1),
        (21_157, 0, 1),
        (21_157, 3, 1),
        (148_944, 2, 1),
        (148_944, 3, 3),
    ]


def test_03_names_come_from_every_tag(desk: Desk) -> None:
    desk.take(files("03")["a.nessus"])
    named = {
        ip: (dns, netbios)
        for ip, dns, netbios in desk.ask("SELECT ip, dns_name, netbios_name FROM hosts")
    }
    assert named["192.0.2.20"] == ("web01.example.test", None)
    assert named["192.0.2.21"] == ("db01", None)
    assert named["192.0.2.22"] == ("rd.example.test", None)
    assert named["192.0.2.23"] == ("sw-core-01.example.test", None)
    assert named["192.0.2.24"] == (None, "WS24")


def test_08_times_are_read_in_every_form_and_what_is_none_is_told(desk: Desk) -> None:
    case = files("08")
    report = desk.take(case["a.nessus"], case["b.csv"])
    seen = dict(desk.ask(f"SELECT ip, epoch(last_seen) - {IN_SEPTEMBER} FROM findings"))  # noqa: S608 - our own text
    ends = {int(ip.rpartition(".")[2]): seconds for ip, seconds in seen.items()}
    assert {n: ends[n] for n in (70, 71, 72, 73, 77)} == {70: -400, 71: 0, 72: 0, 73: 0, 77: 0}
    assert {ends[n] for n in (80, 82, 83, 84, 85, 87, 89, 90)} == {0}
    assert ends[81] == 5.5 * 3_600
    assert ends[86] == -(15 * 60 + 20) * 60
    assert (ends[75], ends[91]) == (None, None)
    odd = {one.kind: one for one in evidence.oddities(report.run.number)}
    assert odd["time before 1990 or after the run"].count == 2
    assert "b.csv, line 3" in odd["time zone that is not known, taken as UTC"].example
    first = "SELECT epoch(first_seen) FROM findings WHERE ip = '192.0.2.90'"
    assert desk.ask(first) == [(None,)]


def test_12_letter_case_and_final_dot_are_one_host(desk: Desk) -> None:
    for path in ("a.nessus", "b.csv", "c.csv", "d.csv"):
        desk.take(files("12")[path])
    assert desk.ask("SELECT count(*), count(DISTINCT host) FROM findings") == [(2, 1)]


def test_15_scores_are_fractions_and_bounded(desk: Desk) -> None:
    case = files("15")
    report = desk.take(case["a.nessus"], case["b.csv"])
    told = {
        plugin: (epss, vpr)
        for plugin, epss, vpr in desk.ask("SELECT plugin_id, epss, vpr FROM plugins")
    }
    assert {told[n][0] for n in (5300, 5301, 5302, 5303, 5310, 5311, 5312, 5313)} == {0.9712}
    assert (told[5305][0], told[5306][0], told[5317][0]) == (None, 0.0015, 0.005)
    assert (told[5310][1], told[5311][1], told[5315][1], told[5316][1]) == (9.8, 9.8, 10.0, None)
    kinds = {one.kind: one.count for one in evidence.oddities(report.run.number)}
    assert kinds == {
        "EPSS given as per cent": 6,
        "decimal comma read as a point": 3,
        "score out of its documented bounds": 1,
    }


def test_16_known_exploited_is_read_in_every_spelling(desk: Desk) -> None:
    case = files("16")
    desk.take(case["a.nessus"], case["b.csv"])
    known = {plugin for (plugin,) in desk.ask("SELECT plugin_id FROM plugins WHERE kev")}
    expected = {*range(5400, 5404), 5406, 5420, *range(5430, 5434), 5436, *range(5438, 5441)}
    assert known == expected


@pytest.mark.parametrize(
    ("name", "given", "rejected"),
    [
        *((f"{name}.csv", 2, 0) for name in ("a-semicolon", "b-tab-utf16", "c-sep-line")),
        *((f"{name}.csv", 2, 0) for name in ("d-bom-quoted-all", "f-title-line", "h-pipe")),
        ("i-backslash-quotes.csv", 1, 2),
        ("j-severity-number-and-word.csv", 10, 0),
        ("l-port-forms.csv", 8, 1),
        ("m-excel-plugin.csv", 6, 2),
        ("n-crlf-cr-only.csv", 1, 0),
        ("o-two-ips.csv", 2, 4),
    ],
)
def test_18_dialects_are_read_or_their_rows_named(
    desk: Desk, name: str, given: int, rejected: int
) -> None:
    report = desk.take(files("18")[name])
    assert report.error is None
    [one] = report.files
    assert (one.tally.given, one.tally.rejected) == (given, rejected)
    assert all(
        row.place.startswith("line ") and "'" in row.reason for row in one.tally.listed[:1]
    ) or (name == "i-backslash-quotes.csv")


@pytest.mark.parametrize("name", ["e-order-and-names.csv", "g-german.csv"])
def test_18_other_headings_are_refused_with_what_they_are(desk: Desk, name: str) -> None:
    with pytest.raises(UsageError, match="Its headings are"):
        desk.take(files("18")[name])


def test_18_an_export_that_is_cut_off_publishes_nothing(desk: Desk) -> None:
    report = desk.take(files("18")["k-cut.csv"])
    assert report.error is not None
    assert "ends within a quoted cell" in report.error.what


def test_20_a_future_sighting_does_not_outlive_a_later_scan(desk: Desk) -> None:
    case = files("20")
    assert any("clock is wrong" in text for text in desk.take(case["1-bad-clock.nessus"]).warnings)
    desk.take(case["2b-good-clock-later.nessus"])
    told = desk.ask("SELECT ip, severity FROM findings WHERE plugin_id = 6000 ORDER BY 1")
    assert told == [("192.0.2.200", 2), ("192.0.2.201", 2)]


@pytest.mark.parametrize(("name", "severity"), [("0", 3), ("1", 3), ("2", 4)])
def test_21_the_highest_severity_wins_and_outputs_stay_apart(
    desk: Desk, name: str, severity: int
) -> None:
    desk.take(files("21")[f"{name}.nessus"])
    [(found, text)] = desk.ask("SELECT severity, text FROM findings JOIN outputs USING (output)")
    assert found == severity
    assert text.split("\n") == [f"<plugin_output>path {n}</plugin_output>" for n in range(3)]


def test_22_open_ports_are_findings_and_hinder_nothing(desk: Desk) -> None:
    report = desk.take(files("22")["a.csv"], complete=True)
    assert report.error is None
    assert desk.ask("SELECT plugin_id, port FROM findings ORDER BY 1") == [(0, 443), (19_506, 0)]


def test_an_export_with_hundreds_of_rows_without_a_plugin_is_not_complete(desk: Desk) -> None:
    path = DATA / "sc_csv" / "defectdojo-sc-nessus_many_vuln.csv"
    if not path.is_file():
        pytest.skip("no such export in ../shared/data")
    report = desk.take(path)
    assert report.error is not None
    assert report.error.exit_code == 6
    assert snapshots.latest("files") is None
