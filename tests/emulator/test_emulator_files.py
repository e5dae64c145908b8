"""Real files as estates: `.nessus` exports, and recorded answers of a console."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from asking import analyse, get, key

from plumbline.emulator import Emulator, Estate
from plumbline.emulator.reports import NessusError

DATA = Path(__file__).parents[2] / "../shared/data"
NESSUS = sorted((DATA / "nessus").glob("*.nessus*")) if DATA.is_dir() else []
recorded = pytest.mark.recorded
here = pytest.mark.skipif(not DATA.is_dir(), reason="no recorded answers in ../shared/data")

SMALL = """<?xml version="1.0" ?>
<NessusClientData_v2><Report name="r"><ReportHost name="web.example.test"><HostProperties>
<tag name="host-ip">192.0.2.7</tag><tag name="host-fqdn">web.example.test</tag>
<tag name="mac-address">00:0c:29:00:00:01
00:0c:29:00:00:02</tag><tag name="operating-system">Linux Kernel 5.14</tag>
<tag name="Credentialed_Scan">true</tag><tag name="HOST_END">Wed Mar 23 15:07:52 2022</tag>
</HostProperties>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="42"
 pluginName="Old &lt;TLS&gt;" pluginFamily="General">
<risk_factor>High</risk_factor><cvss3_vector>CVSS:3.0/AV:N/AC:L</cvss3_vector>
<cve>CVE-2020-1</cve><cve>CVE-2020-2</cve>
<xref>CISA-KNOWN-EXPLOITED:2022/05/03</xref><plugin_publication_date>2020/01/02</plugin_publication_date>
<plugin_output>one</plugin_output></ReportItem>
<ReportItem port="443" svc_name="www" protocol="tcp" severity="3" pluginID="42"
 pluginName="Old &lt;TLS&gt;" pluginFamily="General">
<plugin_output>two</plugin_output></ReportItem>
<ReportItem port="22" svc_name="ssh" protocol="tcp" severity="0" pluginID="0"/>
</ReportHost></Report></NessusClientData_v2>"""


def test_a_file_becomes_findings_as_the_console_would_hold_them(tmp_path: Path) -> None:
    file = tmp_path / "small.nessus"
    file.write_text(SMALL)
    [row] = Estate.from_nessus([file]).rows()
    assert (row["ip"], row["dnsName"], row["port"], row["protocol"]) == (
        *("192.0.2.7", "web.example.test"),
        *("443", "TCP"),
    )
    assert row["pluginText"] == "<plugin_output>one\n\ntwo</plugin_output>"
    assert row["macAddress"] == "00:0c:29:00:00:01,00:0c:29:00:00:02"
    assert row["cve"] == "CVE-2020-1,CVE-2020-2"
    assert row["xref"] == "CISA-KNOWN-EXPLOITED #2022/05/03"
    assert row["pluginName"] == "Old <TLS>"
    assert row["cvssV3Vector"] == "AV:N/AC:L"
    assert (row["lastSeen"], row["pluginPubDate"]) == ("1648048072", "1577923200")
    assert (row["patchPubDate"], row["severity"]["name"]) == ("-1", "High")
    assert row["repository"]["name"] == "small"


def test_a_packed_file_is_the_same_as_a_plain_one(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.nessus", tmp_path / "a.nessus.gz"
    plain.write_text(SMALL)
    packed.write_bytes(gzip.compress(SMALL.encode()))
    assert list(Estate.from_nessus([plain]).rows()) == list(Estate.from_nessus([packed]).rows())


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa">]><NessusClientData_v2>&a;</NessusClientData_v2>'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BOMB, "document type"),
        ("<NessusClientData/>", "version 2"),
        (SMALL[:900], "not readable XML"),
        ("", "not readable XML"),
        (SMALL.replace('port="443"', 'port="x"'), "bad number"),
    ],
)
def test_a_file_that_is_no_scan_result_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "bad.nessus"
    file.write_text(text)
    with pytest.raises(NessusError, match=says):
        Estate.from_nessus([file])


def test_a_missing_or_damaged_file_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "bad.nessus.gz"
    damaged.write_bytes(gzip.compress(SMALL.encode())[:50])
    for file in (tmp_path / "none.nessus", damaged):
        with pytest.raises(NessusError, match="cannot be read"):
            Estate.from_nessus([file])


@recorded
@here
@pytest.mark.parametrize("path", NESSUS, ids=lambda path: path.name)
def test_real_files_hold_what_an_independent_count_finds(path: Path) -> None:
    content = path.read_bytes()
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    root = ET.fromstring(plain)  # noqa: S314 - our own recordings
    expected = {
        (host.get("name"), i.get("pluginID"), i.get("port"), (i.get("protocol") or "").upper())
        for host in root.iter("ReportHost")
        for i in host.iter("ReportItem")
        if i.get("pluginID") != "0"
    }
    rows = list(Estate.from_nessus([path]).rows())
    assert len(rows) == len(expected)
    assert len({key(row) for row in rows}) == len(rows)
    assert {(r["pluginID"], r["port"], r["protocol"]) for r in rows} == {e[1:] for e in expected}


def _exchanges(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / f"pytenable/{name}.json").read_bytes())
    return found


def _shape(value: Any) -> Any:
    """Names and types of a recorded answer, the first of a list for all."""
    if isinstance(value, dict):
        return {name: _shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shape(value[0])] if value else []
    return type(value).__name__


def _holds(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where an answer of ours lacks what the recorded one has, or has it in another type."""
    if isinstance(theirs, dict):
        if not isinstance(ours, dict):
            return [path]
        return [
            wrong
            for name in theirs
            for wrong in (
                _holds(ours[name], theirs[name], f"{path}/{name}")
                if name in ours
                else [f"{path}/{name}"]
            )
        ]
    if isinstance(theirs, list):
        return _holds(ours[0], theirs[0], f"{path}[0]") if theirs and ours else []
    return [] if ours == theirs else [path]


@recorded
@here
@pytest.mark.network
@pytest.mark.parametrize(
    "tool",
    [
        *(
            "vulndetails",
            "listvuln",
            "sumip",
            "sumasset",
            "sumseverity",
            "sumcve",
            "sumremediation",
        ),
        *("sumclassa", "sumiavm", "summsbulletin", "sumprotocol", "iplist"),
    ],
)
def test_answers_have_the_shape_of_the_recorded_ones(tool: str) -> None:
    theirs = _exchanges(f"test_analysis_vulns_{tool}_tool")[0]["response"]["body"]["response"]
    with Emulator(Estate.generated(hosts=30)) as console:
        ours = analyse(console, tool, end=5)
    if tool == "iplist":
        assert {type(one) for one in ours.values()} == {type(one) for one in theirs.values()}
        assert list(ours)[:2] == ["0", "1"]
    else:
        assert _holds(_shape(ours), _shape(theirs)) == []
        assert list(ours)[:5] == list(theirs)[:5]
        assert ours["matchingDataElementCount"].count(":") == theirs[
            "matchingDataElementCount"
        ].count(":")


@recorded
@here
@pytest.mark.network
def test_recorded_rows_are_served_as_they_were_recorded() -> None:
    body = _exchanges("test_analysis_vulns_vulndetails_tool")[0]["response"]["body"]
    rows = body["response"]["results"]
    with Emulator(Estate.from_recorded(rows)) as console:
        assert analyse(console, "vulndetails")["results"] == rows
        listed = _exchanges("test_analysis_vulns_listvuln_tool")[0]["response"]["body"]["response"]
        assert analyse(console, "listvuln")["results"] == listed["results"]
        assert analyse(console, "sumseverity")["results"][4]["count"] == str(len(rows))
        assert analyse(console, "vulndetails", ("port", "=", "443"))["totalRecords"] == "1"


@recorded
@here
@pytest.mark.network
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("test_asset_lists_list_success", "asset"),
        ("test_repositories_details_success", "repository/1"),
        ("test_system_details", "system"),
        ("test_users_details_success", "user/2"),
        ("test_plugins_family_list_success", "pluginFamily"),
        ("test_plugins_list_success", "plugin"),
        ("test_repositories_device_info_success", "deviceInfo?ip=10.10.0.1"),
    ],
)
def test_objects_have_the_shape_of_the_recorded_ones(name: str, path: str) -> None:
    theirs = _exchanges(name)[0]["response"]["body"]["response"]
    with Emulator(Estate.generated(hosts=12)) as console:
        ours = get(console, path)
    assert _holds(_shape(ours), _shape(theirs)) == []
