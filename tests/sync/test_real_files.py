"""Real scan results and recorded rows, read through a console: an independent count agrees."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from plumbline.emulator.estate import Estate
from recordings import DATA, finding_rows, recordings

if TYPE_CHECKING:
    from pathlib import Path

    from lab import Lab, MakeLab

FILES = recordings("nessus*")
pytestmark = [
    pytest.mark.network,
    pytest.mark.recorded,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real files in ../shared/data"),
]


@dataclass(slots=True)
class Count:
    """What is in a console, by plain counting."""

    severities: Counter[int] = field(default_factory=Counter)
    places: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    """Plugin, port and protocol of every finding."""
    hosts: int = 0
    plugins: dict[int, str] = field(default_factory=dict)
    cves: set[str] = field(default_factory=set)
    outputs: set[str] = field(default_factory=set)


def count_file(path: Path) -> Count:
    """Count a scan result."""
    content = path.read_bytes()
    root = ET.fromstring(gzip.decompress(content) if path.suffix == ".gz" else content)  # noqa: S314 - our own recordings
    found, hosts = Count(), set()
    known: dict[tuple[str, int, int, str], tuple[int, list[str]]] = {}
    revisions: dict[int, str] = {}
    for host in root.iter("ReportHost"):
        for item in host.iter("ReportItem"):
            plugin, port = int(item.get("pluginID", "0")), int(item.get("port", "0"))
            if not plugin:
                continue
            hosts.add(host.get("name"))
            key = (str(host.get("name")), plugin, port, str(item.get("protocol")).upper())
            severity = int(item.get("severity", "0"))
            known.setdefault(key, (severity, []))[1].append(item.findtext("plugin_output") or "")
            revision = item.findtext("plugin_modification_date") or ""
            if plugin not in revisions or revision > revisions[plugin]:
                revisions[plugin] = revision
                found.plugins[plugin] = item.get("pluginName", "")
            found.cves |= {str(cve.text) for cve in item.iter("cve")}
    for (_, plugin, port, protocol), (severity, texts) in known.items():
        found.severities[severity] += 1
        found.places[plugin, port, protocol] += 1
        text = "\n\n".join(dict.fromkeys(filter(None, texts)))
        if text:
            found.outputs.add(f"<plugin_output>{text}</plugin_output>")
    found.hosts = len(hosts)
    return found


def count_rows(rows: list[dict[str, Any]]) -> Count:
    """Count recorded rows."""
    found, hosts = Count(), set()
    for row in rows:
        found.severities[int(row["severity"]["id"])] += 1
        found.places[int(row["pluginID"]), int(row["port"]), row["protocol"]] += 1
        hosts.add((int(row["repository"]["id"]), row["ip"], row["dnsName"]))
        found.plugins[int(row["pluginID"])] = row["pluginName"]
        found.cves |= set(filter(None, row["cve"].split(",")))
        found.outputs |= {row["pluginText"]} - {""}
    found.hosts = len(hosts)
    return found


def count_shown(lab: Lab) -> Count:
    """Count what the snapshot shows."""
    severities = lab.ask("SELECT severity, count(*) FROM findings GROUP BY ALL")
    places = lab.ask("SELECT plugin_id, port, protocol, count(*) FROM findings GROUP BY ALL")
    [(hosts,)] = lab.ask("SELECT count(*) FROM aliases")
    return Count(
        severities=Counter(dict(severities)),
        places=Counter({(plugin, port, proto): n for plugin, port, proto, n in places}),
        hosts=hosts,
        plugins={n: name or "" for n, name in lab.ask("SELECT plugin_id, name FROM plugins")},
        cves={cve for (cve,) in lab.ask("SELECT DISTINCT unnest(cves) FROM plugins")},
        outputs={text for (text,) in lab.ask("SELECT text FROM outputs")},
    )


def check(lab: Lab, expected: Count) -> None:
    report = lab.sync()
    assert report.error is None, report.error
    assert all(proof.agrees for proof in report.proofs)
    assert count_shown(lab) == expected
    assert report.run.counts["open"] == expected.severities.total()
    assert report.run.counts["plugins"] == len(expected.plugins)
    assert lab.shown() == lab.truth()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_real_file_is_shown_as_it_is_counted(make_lab: MakeLab, path: Path) -> None:
    check(make_lab(estate=Estate.from_nessus([path])), count_file(path))


def test_all_real_files_together_are_shown_in_their_repositories(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.from_nessus(FILES), page=None)
    report = lab.sync()
    assert report.error is None, report.error
    shown = lab.ask("SELECT repository_id, severity, count(*) FROM findings GROUP BY ALL")
    counted = {
        (place, severity, number)
        for place, path in enumerate(FILES, start=1)
        for severity, number in count_file(path).severities.items()
    }
    assert set(shown) == counted
    plugins = {plugin for path in FILES for plugin in count_file(path).plugins}
    assert report.run.counts["plugins"] == len(plugins)


def test_recorded_rows_are_shown_as_they_are_counted(make_lab: MakeLab) -> None:
    rows = [row for path in recordings("json") for row in finding_rows(path)]
    assert len(rows) >= 6
    check_rows(make_lab(estate=Estate.from_recorded(rows)), count_rows(rows))


def check_rows(lab: Lab, expected: Count) -> None:
    report = lab.sync()
    assert report.error is None, report.error
    assert count_shown(lab) == expected
