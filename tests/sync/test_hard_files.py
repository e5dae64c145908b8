"""Files that are hard to read: odd values, repeated results, wrong clocks, damaged quotes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odd import ODD_ITEMS, ODD_ROWS
from plumbline.domain.run import RunState
from plumbline.errors import IncompleteError
from plumbline.ledger import evidence
from plumbline.sync.imports import Importer
from plumbline.sync.order import Order
from scans import ROW, START, Host, Item, export, nessus

if TYPE_CHECKING:
    from desk import Desk

YEAR_2100 = 4_102_444_800
OPEN_PORT = {"Plugin": "0", "Plugin Name": "Open Port", "Severity": "Info"}


def of_plugins(desk: Desk, columns: str) -> dict[int, tuple[object, ...]]:
    query = f"SELECT plugin_id, {columns} FROM findings JOIN plugins USING (plugin_id)"  # noqa: S608 - our own columns
    return {plugin: tuple(rest) for plugin, *rest in desk.ask(query)}


@pytest.mark.parametrize("worst", range(3))
def test_the_highest_severity_of_one_scan_wins_and_its_outputs_stay_apart(
    desk: Desk, worst: int
) -> None:
    items = (Item(severity=4 if n == worst else 2, output=f"path {n}") for n in range(3))
    desk.take(nessus(Host(items=tuple(items))))
    [(severity, text)] = desk.ask("SELECT severity, text FROM findings JOIN outputs USING (output)")
    assert severity == 4
    assert text.split("\n") == [f"<plugin_output>path {n}</plugin_output>" for n in range(3)]


def test_a_result_told_as_fixed_and_as_open_by_one_scan_is_open(desk: Desk) -> None:
    fixed = Item(severity=4, more="<vulnerability_state>Fixed</vulnerability_state>")
    desk.take(nessus(Host(items=(fixed, Item()))))
    assert desk.states()[10_000][0] == "open"


def test_a_future_sighting_counts_as_absent_and_is_kept_as_it_came(desk: Desk) -> None:
    report = desk.take(nessus(Host(end=YEAR_2100, items=(Item(severity=4),))))
    [(seen, extra)] = desk.ask("SELECT last_seen, extra FROM findings")
    assert seen is None
    assert json.loads(extra) == {"host-end-timestamp": str(YEAR_2100)}
    assert any("clock is wrong" in text for text in report.warnings)
    assert desk.take(nessus(Host(items=(Item(severity=2),)))).warnings == ()
    assert desk.ask("SELECT severity, epoch(last_seen) FROM findings") == [(2, START)]


def test_a_future_sighting_of_an_older_version_yields_and_is_warned_of_until_then(
    desk: Desk,
) -> None:
    def published_by_an_older_version(*hosts: Host) -> None:
        older = Importer(settings=desk.settings, ahead=timedelta(days=40_000))
        older.run(Order(files=(desk.file(nessus(*hosts)),), connection="files", complete=True))

    there = Host(ip="10.0.0.2", end=YEAR_2100)
    published_by_an_older_version(Host(end=YEAR_2100, items=(Item(severity=4),)), there)
    assert desk.ask("SELECT DISTINCT year(last_seen) FROM findings") == [(2100,)]
    report = desk.take(nessus(Host(items=(Item(severity=2),), tags={"operating-system": "new"})))
    told = desk.ask("SELECT severity, epoch(last_seen) FROM findings WHERE ip = '10.0.0.1'")
    assert told == [(2, START)]
    assert desk.ask("SELECT os FROM hosts WHERE ip = '10.0.0.1'") == [("new",)]
    [warning] = report.warnings
    assert warning.startswith(
        "1 finding has a last sighting in the future in files, up to the year 2100"
    )
    assert desk.take(nessus(Host(ip="10.0.0.2"))).warnings == ()


def test_everything_does_not_keep_what_only_a_wrong_clock_saw_later(desk: Desk) -> None:
    older = Importer(settings=desk.settings, ahead=timedelta(days=40_000))
    scan = desk.file(nessus(Host(end=YEAR_2100)))
    older.run(Order(files=(scan,), connection="files"))
    desk.take(nessus(Host(ip="10.0.0.2")), complete=True)
    states = desk.ask("SELECT ip, state FROM findings ORDER BY 1")
    assert states == [("10.0.0.1", "vanished"), ("10.0.0.2", "open")]


@pytest.mark.parametrize(
    "text",
    [
        *("", "N/A", "n/a", "-1", "0", "Never", "1970-01-01", "1/1/1970", "soon", "9/1/2026"),
        *("Dec 31, 1969 19:00:00 EST", "Jan 1, 2100 00:00:00 UTC", "0000-00-00 00:00:00"),
    ],
)
def test_an_absent_mitigation_date_fixes_nothing(desk: Desk, text: str) -> None:
    head = (*ROW, "Mitigated On")
    desk.take(desk.file(export({"Mitigated On": text}, head=head), "list.csv"))
    assert desk.ask("SELECT state, source FROM findings") == [("open", "cumulative")]


def test_a_mitigation_date_fixes(desk: Desk) -> None:
    head = (*ROW, "Mitigated On")
    told = {"Mitigated On": "Nov 15, 2023 00:00:00 UTC"}
    desk.take(desk.file(export(told, head=head), "list.csv"))
    assert desk.ask("SELECT state, fixed_at::DATE::TEXT FROM findings") == [("fixed", "2023-11-15")]


def test_plugin_0_is_the_same_in_a_scan_and_an_export_and_hinders_no_complete_import(
    desk: Desk,
) -> None:
    desk.take(nessus(Host(items=(Item(plugin=0, severity=0), Item()))))
    row = OPEN_PORT | {"Repository": "Individual Scan"}
    report = desk.take(desk.file(export(row), "list.csv"), complete=True)
    assert report.error is None
    assert desk.ask("SELECT state, plugin_id FROM findings ORDER BY 2") == [
        ("open", 0),
        ("vanished", 10_000),
    ]
    assert desk.ask("SELECT DISTINCT name FROM plugins WHERE plugin_id = 0") == [("Open Port",)]


def test_scores_are_read_on_their_scale_and_bounded(desk: Desk) -> None:
    more = ("97.12", "97.12%", "0,9712", "0.9712", "1", "N/A", "101")
    items = (
        Item(plugin=n, more=f"<epss_score>{text}</epss_score><vpr_score>9,{n}</vpr_score>")
        for n, text in enumerate(more, start=1)
    )
    report = desk.take(
        nessus(Host(items=(*items, Item(plugin=8, more="<vpr_score>98</vpr_score>"))))
    )
    found = of_plugins(desk, "epss, vpr")
    assert [found[n][0] for n in range(1, 8)] == [0.9712] * 4 + [1.0, None, None]
    assert (found[3][1], found[8][1]) == (9.3, None)
    odd = {one.kind: one for one in evidence.oddities(report.run.number)}
    outside = odd["score out of its documented bounds"]
    assert (outside.count, outside.example.split(" ")[0]) == (2, "'101'")
    assert "scan-1.nessus, line 4, epss_score" in outside.example


@pytest.mark.parametrize(
    ("more", "known"),
    [
        ("<xref>CISA-KNOWN-EXPLOITED:2022/05/03</xref>", True),
        ("<xref>cisa-known-exploited: 2022-05-03</xref>", True),
        ("<xref>CISA-KNOWN-EXPLOITED</xref>", True),
        ("<cisa-known-exploited>2022/05/03</cisa-known-exploited>", True),
        ("<xref>CISA-NCAS:AA22-011A</xref><xref>IAVA:2021-A-0573</xref>", False),
    ],
)
def test_known_exploited_is_read_in_every_spelling(desk: Desk, more: str, known: bool) -> None:  # noqa: FBT001 - a parameter of the test
    desk.take(nessus(Host(items=(Item(more=more),))))
    assert of_plugins(desk, "kev")[10_000] == (known,)


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"host-fqdns": '[{"FQDN":"Web01.example.","sources":["x"]}]'}, "web01.example"),
        ({"host-fqdns": '["a.example","b.example"]'}, "a.example"),
        ({"host-fqdns": "[broken"}, None),
        ({"host-fqdn": "10.0.0.1", "rdns": "r.example"}, "r.example"),
        ({"hostname": "db01", "host-rdns": "r.example"}, "r.example"),
        ({"HOST_FQDN": "up.example"}, "up.example"),
        ({"host-fqdn": "one.example,two.example"}, "one.example"),
    ],
)
def test_a_host_is_named_by_every_tag_that_carries_a_name(
    desk: Desk, tags: dict[str, str], name: str | None
) -> None:
    desk.take(nessus(Host(tags=tags)))
    assert desk.ask("SELECT dns_name FROM hosts") == [(name,)]


def test_letter_case_and_final_dot_make_no_second_host(desk: Desk) -> None:
    for name in ("SRV.Example", "srv.example.", " srv.example "):
        desk.take(nessus(Host(tags={"host-fqdn": name})))
    desk.take(
        desk.file(export({"DNS Name": "Srv.example.", "Repository": "Individual Scan"}), "list.csv")
    )
    assert desk.ask("SELECT count(*), count(DISTINCT host) FROM findings") == [(1, 1)]


def test_an_export_whose_quotes_are_damaged_is_not_whole(desk: Desk) -> None:
    row = {"Plugin Output": "BREAK\n" + "more\n" * 200}
    content = export({}, row, {"Plugin": "2"}).replace(b'"BREAK', b'"BR"EAK')
    report = desk.take(desk.file(content, "list.csv"))
    assert isinstance(report.error, IncompleteError)
    assert report.run.state is RunState.INCOMPLETE
    assert "lines are no whole result (the first: line 3)" in report.error.what
    assert "--accept-truncated" in report.error.advice


def test_an_export_of_rows_without_content_is_not_whole(desk: Desk) -> None:
    blank = b"," * (len(ROW) - 1) + b"\r\n"
    report = desk.take(desk.file(export({}) + blank * 500, "list.csv"))
    assert isinstance(report.error, IncompleteError)
    assert "500 of its rows have no content" in report.error.what
    few = desk.take(desk.file(export({}) + blank * 3, "few.csv"))
    assert few.error is None
    assert [(o.kind, o.count) for o in evidence.oddities(few.run.number)] == [
        ("rows without any content", 3)
    ]


def test_the_result_of_a_compliance_check_is_kept_beside_its_finding(desk: Desk) -> None:
    more = (
        "<cm:compliance-check-name>1.1 one</cm:compliance-check-name>"
        "<cm:compliance-result>PASSED</cm:compliance-result>"
    )
    desk.take(nessus(Host(items=(Item(severity=3, more=more),))))
    [(severity, extra)] = desk.ask("SELECT severity, extra FROM findings")
    assert severity == 3
    assert json.loads(extra)["cm:compliance-result"] == "PASSED"


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Of more rows than these, so many odd ones would make the file one that is damaged.
@given(rows=st.lists(ODD_ROWS, min_size=1, max_size=20), items=st.lists(ODD_ITEMS, max_size=60))
def test_odd_rows_that_are_given_are_published(
    desk: Desk, rows: list[dict[str, str]], items: list[Item]
) -> None:
    report = desk.take(desk.file(export({}, *rows), "list.csv"), nessus(Host(items=tuple(items))))
    assert report.error is None
    assert all(one.tally.adds_up for one in report.files)
    assert all(proof.agrees for proof in report.proofs)
    assert desk.ask("SELECT count(*) FROM findings") == [(report.run.counts["open"],)]
