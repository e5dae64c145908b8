"""Files imported: what becomes of findings told again, told late, or not told."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from desk import Desk, scan

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.emulator.estate import Estate
from plumbline.errors import IncompleteError, UsageError
from plumbline.ledger import connections, evidence, opening, runs, snapshots
from plumbline.ledger.opening import open_ledger
from recordings import DATA, recordings
from rounds import rounds
from scans import DAY, START, Host, Item, export, nessus

if TYPE_CHECKING:
    from pathlib import Path

    from lab import MakeLab

FILES = [*recordings("nessus"), *recordings("nessus.gz")]


def test_a_file_becomes_a_proven_snapshot(desk: Desk) -> None:
    report = desk.take(scan(0, 1, 2))
    assert report.error is None
    assert (report.run.state, report.run.mode) == (RunState.COMPLETE, RunMode.FULL)
    assert report.run.by == "import"
    assert [(p.ours, p.console) for p in report.proofs] == [(2, 2)]
    assert desk.states() == {1: ("open", 0, 0), 2: ("open", 0, 0)}
    assert desk.ask("SELECT repository_id, name FROM repositories") == [(1, "files")]


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    path = desk.file(scan(0, 1, 2))
    desk.take(path)
    before = desk.ask("SELECT COLUMNS(*)::VARCHAR FROM findings ORDER BY finding")
    report = desk.take(path)
    assert report.run.mode is RunMode.INCREMENTAL
    assert desk.ask("SELECT COLUMNS(*)::VARCHAR FROM findings ORDER BY finding") == before
    assert desk.events() == {"opened": 2}


def test_a_later_scan_refreshes_and_absence_closes_nothing(desk: Desk) -> None:
    desk.take(scan(0, 1, 2))
    desk.take(scan(5, 2, 3))
    assert desk.states() == {1: ("open", 0, 0), 2: ("open", 0, 5), 3: ("open", 5, 5)}


def test_an_earlier_scan_turns_no_time_and_no_attribute_back(desk: Desk) -> None:
    desk.take(scan(5, 1, severity=4, output="new"))
    desk.take(scan(0, 1, severity=1, output="old"))
    assert desk.states() == {1: ("open", 0, 5)}
    told = desk.ask("SELECT severity, text FROM findings JOIN outputs USING (output)")
    assert told == [(4, "<plugin_output>new</plugin_output>")]
    assert desk.events() == {"opened": 1}


@pytest.mark.parametrize("seed", range(rounds(1, soak=3)))
def test_the_order_of_files_does_not_matter(tmp_path: Path, seed: int) -> None:
    files = [
        nessus(
            Host(
                end=START + day * DAY,
                items=(Item(plugin=1, severity=day % 5, output=f"day {day}"), Item(plugin=2 + day)),
                tags={"operating-system": f"OS {day}", "host-fqdn": "a.example"},
            )
        )
        for day in range(5)
    ]
    told = []
    dice = random.Random(seed)  # noqa: S311 - a repeatable order
    for place in range(2):
        settings = Settings(home=tmp_path / f"home-{place}", engine_threads=1)
        settle(settings.home)
        open_ledger(settings)
        desk = Desk(tmp_path, settings)
        if place:
            dice.shuffle(files)
            for content in files:
                assert desk.take(content).error is None
        else:
            assert desk.take(*files).error is None
        query = "SELECT COLUMNS(* EXCLUDE (opened_run, changed_run))::VARCHAR FROM findings"
        told.append(
            (sorted(desk.ask(query)), desk.ask("SELECT ip, os, last_seen::VARCHAR FROM hosts"))
        )
        opening.close()
    assert told[0] == told[1]


def test_what_is_absent_from_everything_has_vanished_and_may_return(desk: Desk) -> None:
    desk.take(scan(0, 1, 2))
    report = desk.take(scan(5, 2), complete=True)
    assert report.run.mode is RunMode.FULL
    assert desk.states() == {1: ("vanished", 0, 0), 2: ("open", 0, 5)}
    desk.take(scan(3, 1))
    assert desk.states()[1][0] == "vanished"
    desk.take(scan(6, 1))
    assert desk.states() == {1: ("open", 0, 6), 2: ("open", 0, 5)}
    assert desk.events() == {"opened": 2, "vanished": 1, "returned": 1}


def test_everything_that_is_old_says_nothing_of_what_was_seen_since(desk: Desk) -> None:
    desk.take(scan(9, 1))
    desk.take(scan(0, 2), complete=True)
    assert desk.states() == {1: ("open", 9, 9), 2: ("open", 0, 0)}


def test_everything_of_one_repository_says_nothing_of_another(desk: Desk) -> None:
    desk.take(scan(0, 1), repository="Paris")
    desk.take(scan(5, 2), repository="Rome", complete=True)
    assert {state for state, *_ in desk.states().values()} == {"open"}
    assert desk.ask("SELECT repository_id, name FROM repositories ORDER BY 1") == [
        (1, "Paris"),
        (2, "Rome"),
    ]


def test_one_scan_that_tells_a_finding_several_times_tells_one_with_all_outputs(
    desk: Desk,
) -> None:
    items = (Item(output="one"), Item(output="two"), Item(output="one"))
    report = desk.take(nessus(Host(items=items)))
    assert report.run.counts["open"] == 1
    told = desk.ask("SELECT text FROM findings JOIN outputs USING (output)")
    both = "<plugin_output>one</plugin_output>\n<plugin_output>two</plugin_output>"
    assert told == [(both,)]


def test_outputs_of_two_scans_are_not_joined(desk: Desk) -> None:
    desk.take(scan(0, 1, output="old"), scan(1, 1, output="new"))
    told = desk.ask("SELECT text FROM findings JOIN outputs USING (output)")
    assert told == [("<plugin_output>new</plugin_output>",)]


def test_a_poorer_file_takes_nothing_from_a_plugin(desk: Desk) -> None:
    more = "<description>At length.</description><xref>CISA-KNOWN-EXPLOITED:2022/05/03</xref>"
    desk.take(nessus(Host(items=(Item(plugin=10_000, more=more),))))
    desk.take(desk.file(export({"Last Observed": "Jan 1, 2026 00:00:00 UTC"}), "list.csv"))
    assert desk.ask("SELECT description, kev FROM plugins") == [("At length.", True)]


def test_repositories_of_an_export_are_kept_and_a_single_scan_has_none(desk: Desk) -> None:
    rows = [{"Repository": "Main"}, {"Repository": "Individual Scan", "Plugin": "7"}]
    desk.take(desk.file(export(*rows), "list.csv"))
    query = (
        "SELECT plugin_id, name FROM findings JOIN repositories USING (repository_id) ORDER BY 1"
    )
    assert desk.ask(query) == [(7, "files"), (10_000, "Main")]


def test_findings_of_an_export_and_of_a_scan_are_the_same(desk: Desk) -> None:
    desk.take(nessus(Host(items=(Item(plugin=10_000),))))
    desk.take(desk.file(export({"Repository": "Individual Scan"}), "list.csv"))
    assert len(desk.states()) == 1


def test_a_damaged_file_publishes_nothing_unless_asked_for(desk: Desk) -> None:
    whole = nessus(Host(), Host(ip="10.0.0.2"))
    cut = desk.file(whole[: whole.rindex(b"<ReportHost")])
    good = desk.file(scan(0, 1))
    report = desk.take(good, cut)
    assert isinstance(report.error, IncompleteError)
    assert report.run.state is RunState.INCOMPLETE
    assert snapshots.latest("files") is None
    report = desk.take(good, cut, accept_truncated=True)
    assert report.run.state is RunState.INCOMPLETE
    assert isinstance(report.error, IncompleteError)
    assert len(desk.states()) == 2
    slices = {part.name: part.state for part in evidence.slices(report.run.number)}
    assert slices == {good.name: "whole", cut.name: "incomplete"}


def test_one_file_that_is_none_leaves_the_others_out_too(desk: Desk) -> None:
    with pytest.raises(UsageError, match="is JSON"):
        desk.take(scan(0, 1), b"{}")
    assert not runs.listing()
    assert not connections.list_all()


def test_rejected_rows_are_listed_and_forbid_that_the_files_are_everything(desk: Desk) -> None:
    content = scan(0, 1) + b""
    bad = nessus(Host(items=(Item(plugin="x"), Item(plugin=1))))
    desk.take(content)
    report = desk.take(bad)
    assert report.run.state is RunState.COMPLETE
    [odd] = [o for o in evidence.oddities(report.run.number) if "rejected" in o.kind]
    assert (odd.count, odd.example) == (1, "line 4: pluginID is 'x'")
    assert any("1 row of 2 rejected" in text for text in report.warnings)
    report = desk.take(bad, complete=True)
    assert isinstance(report.error, IncompleteError)
    assert snapshots.latest("files").run < report.run.number  # type: ignore[union-attr]


def test_files_without_a_result_publish_nothing(desk: Desk) -> None:
    desk.take(scan(0, 1))
    report = desk.take(nessus(Host(items=())), complete=True)
    assert isinstance(report.error, UsageError)
    assert desk.states() == {1: ("open", 0, 0)}


def test_a_connection_to_a_console_takes_no_files(desk: Desk) -> None:
    address = Address(url="https://sc.example")
    connections.add(Connection(name="sc", address=address), Keys("a", "b"))
    with pytest.raises(UsageError, match="reads a console"):
        desk.take(scan(0, 1), name="sc")


def test_nothing_stays_staged(desk: Desk) -> None:
    desk.take(scan(0, 1))
    assert not list(desk.settings.home.glob("staging/files/**/*"))


def test_two_hosts_of_one_name_and_address_are_one(desk: Desk) -> None:
    one = Host(tags={"host-fqdn": "a.example"})
    other = replace(one, items=(Item(plugin=2),), end=START + DAY)
    report = desk.take(nessus(one, other))
    assert report.run.counts["hosts"] == 1


Found = Counter[tuple[str, int, int, str, int, str]]


def count_file(path: Path) -> Found:
    """Address, plugin, port, protocol, severity and output of each finding, by plain counting."""
    content = path.read_bytes()
    root = ET.fromstring(gzip.decompress(content) if path.suffix == ".gz" else content)  # noqa: S314 - our own recordings
    told: dict[tuple[str, str, int, int, str], tuple[str, int, list[str]]] = {}
    for host in root.iter("ReportHost"):
        tags = {tag.get("name"): tag.text or "" for tag in host.iter("tag")}
        ip, name = tags.get("host-ip", ""), str(host.get("name"))
        for item in host.iter("ReportItem"):
            plugin, port = int(item.get("pluginID", "0")), int(item.get("port", "0"))
            key = (ip, name, plugin, port, str(item.get("protocol")).upper())
            severity = int(item.get("severity", "0"))
            _, worst, texts = told.get(key, (ip, 0, []))
            text = item.findtext("plugin_output") or ""
            told[key] = (ip, max(worst, severity), [*texts, text])
    found: Found = Counter()
    for (ip, _, plugin, port, protocol), (_, severity, texts) in told.items():
        different = dict.fromkeys(filter(None, texts))
        whole = "\n".join(f"<plugin_output>{text}</plugin_output>" for text in different)
        found[_address(ip), plugin, port, protocol, severity, whole] += 1
    return found


def _address(ip: str) -> str:
    return ip if ip.replace(".", "").isdigit() else ""


SHOWN = """
SELECT coalesce(f.ip, ''), plugin_id, port, protocol, severity, coalesce(o.text, '')
FROM findings f LEFT JOIN outputs o USING (output)
"""


@pytest.mark.recorded
@pytest.mark.skipif(not DATA.is_dir(), reason="no real files in ../shared/data")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_shown_as_it_is_counted(desk: Desk, path: Path) -> None:
    report = desk.take(path)
    assert report.error is None
    assert all(proof.agrees for proof in report.proofs)
    assert Counter(desk.ask(SHOWN)) == count_file(path)


@pytest.mark.recorded
@pytest.mark.network
@pytest.mark.skipif(not DATA.is_dir(), reason="no real files in ../shared/data")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_imported_is_what_a_console_shows_of_it(
    make_lab: MakeLab, tmp_path: Path, path: Path
) -> None:
    lab = make_lab(estate=Estate.from_nessus([path]), page=None)
    assert lab.sync().error is None
    desk = Desk(tmp_path, lab.settings)
    assert desk.take(path).error is None
    query = (
        "SELECT ip, plugin_id, port, protocol, severity, text, cves, cvss2, cvss3, "
        "vpr, coalesce(exploit, false), kev FROM findings "
        "JOIN plugins USING (plugin_id) LEFT JOIN outputs USING (output) WHERE plugin_id <> 0"
    )
    ours, theirs = (
        Counter((_known(row[0]), *row[1:5], _joined(row[5]), str(row[6:])) for row in rows)
        for rows in (desk.ask(query), lab.ask(query))
    )
    assert ours == theirs


def _joined(text: str | None) -> str | None:
    """Outputs as the emulator joins them, which leaves out open ports, too (plugin 0)."""
    return text and text.replace("</plugin_output>\n<plugin_output>", "\n\n")


def _known(ip: str | None) -> str:
    """The address, unless the console made one up for a host without."""
    return "" if ip is None or ip.startswith("198.18.") else ip
