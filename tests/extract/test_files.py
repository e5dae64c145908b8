from __future__ import annotations

import gzip
import io
from dataclasses import replace
from io import BufferedReader
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.domain.finding import Source
from plumbline.errors import UsageError
from plumbline.extract.files import csv as exports
from plumbline.extract.files import nessus as results
from plumbline.extract.files.interface import Tally
from plumbline.extract.files.opening import Unpacked
from plumbline.extract.files.pages import read_file
from scans import DAY, ROW, START, Host, Item, export, nessus

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.extract.files.interface import Row

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<NessusClientData_v2><Report><ReportHost name="&b;"/></Report></NessusClientData_v2>"""
OUTSIDE = b"""<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>
<NessusClientData_v2><Report name="&file;"/></NessusClientData_v2>"""


def rows_of(content: bytes, reader: Any = results.read) -> tuple[list[Row], Tally]:
    tally = Tally("scan")
    return list(reader(BufferedReader(io.BytesIO(content)), tally)), tally


def only(content: bytes, reader: Any = results.read) -> dict[str, Any]:
    rows, tally = rows_of(content, reader)
    assert len(rows) == 1
    assert tally.whole
    return rows[0].fields


FULL = """<description>What it is.</description><synopsis>In short.</synopsis>
<solution>Update.</solution><risk_factor>HIGH</risk_factor><cvss_base_score>7.5</cvss_base_score>
<cvss_vector>CVSS2#AV:N/AC:L/Au:N/C:P/I:P/A:P</cvss_vector>
<cvss3_base_score>9.8</cvss3_base_score>
<cvss3_vector>CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H</cvss3_vector>
<cvss4_base_score>9.3</cvss4_base_score><cvss4_vector>CVSS:4.0/AV:N/AC:L</cvss4_vector>
<cvss4_threat_score>8.9</cvss4_threat_score><vpr_score>6.7</vpr_score><epss_score>0.97</epss_score>
<age_of_vuln>730 days +</age_of_vuln><exploit_available>true</exploit_available>
<exploitability_ease>Exploits are available</exploitability_ease>
<exploit_framework_metasploit>true</exploit_framework_metasploit>
<metasploit_name>Some, Module</metasploit_name><exploit_framework_core>true</exploit_framework_core>
<cve>CVE-2021-1</cve><cve>CVE-2021-2</cve><bid>1</bid><cpe>cpe:/a:b:c</cpe>
<xref>CISA-KNOWN-EXPLOITED:2022/05/03</xref><xref>IAVA:2021-A-0001</xref><cwe>79</cwe>
<see_also>https://one.example
https://two.example</see_also><stig_severity>I</stig_severity>
<plugin_publication_date>2021/01/31</plugin_publication_date>
<plugin_modification_date>2022/02/28</plugin_modification_date>
<plugin_type>remote</plugin_type><script_version>$Revision: 1.14 $</script_version>"""


def test_every_element_with_a_field_is_taken() -> None:
    told = only(nessus(Host(items=(Item(more=FULL),))))
    assert told["pluginName"] == "Plugin 10000"
    assert told["pluginText"] == "<plugin_output>seen</plugin_output>"
    assert told["cvssVector"] == "AV:N/AC:L/Au:N/C:P/I:P/A:P"
    assert told["cvssV3Vector"] == "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    assert (told["baseScore"], told["cvssV3BaseScore"]) == ("7.5", "9.8")
    assert (told["cvssV4BaseScore"], told["cvssV4Vector"]) == ("9.3", "AV:N/AC:L")
    assert (told["vprScore"], told["epssScore"]) == ("6.7", "0.97")
    assert '"age_of_vuln"' in told["vprContext"]
    assert told["exploitFrameworks"] == "Metasploit (Some; Module),Core Impact"
    assert told["cve"] == "CVE-2021-1,CVE-2021-2"
    assert told["xref"] == "CISA-KNOWN-EXPLOITED #2022/05/03,IAVA #2021-A-0001,CWE #79"
    assert told["riskFactor"] == "High"
    assert told["version"] == "1.14"
    assert told["pluginPubDate"] == "1612051200"
    assert (told["firstSeen"], told["lastSeen"]) == (str(START), str(START))


@pytest.mark.parametrize(
    ("host", "ip", "name"),
    [
        (Host(), "10.0.0.1", ""),
        (Host(ip="", name="srv.example"), "", "srv.example"),
        (Host(ip="", name="10.9.9.9"), "10.9.9.9", ""),
        (Host(ip="", name="2001:db8::1"), "2001:db8::1", ""),
        (Host(tags={"host-fqdn": "SRV.example"}), "10.0.0.1", "srv.example"),
        (Host(tags={"host-rdns": "r.example"}), "10.0.0.1", "r.example"),
        (Host(ip="https://web.example/", name="scan target"), "", "scan target"),
    ],
)
def test_a_host_is_named_by_what_the_file_tells(host: Host, ip: str, name: str) -> None:
    told = only(nessus(host))
    assert (told["ip"], told["dnsName"]) == (ip, name)
    assert told["hostUniqueness"] == "repositoryID,ip,dnsName"


def test_an_agent_is_identified_by_its_id() -> None:
    told = only(nessus(Host(tags={"agent-uuid": "abc"})))
    assert (told["uuid"], told["hostUniqueness"]) == ("abc", "repositoryID,uuid")


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (Item(plugin="x"), "pluginID is 'x'"),
        (Item(port="x"), "port is 'x'"),
        (Item(port=65_536), "port is '65536'"),
        (Item(severity=5), "severity is '5'"),
        (Item(severity=""), "severity is ''"),
    ],
)
def test_a_result_that_cannot_be_used_is_listed_and_the_rest_goes_in(
    item: Item, reason: str
) -> None:
    rows, tally = rows_of(nessus(Host(items=(item, Item()))))
    assert len(rows) == 1
    assert tally.adds_up
    assert [(one.place, one.reason) for one in tally.listed] == [("line 4", reason)]


def test_an_open_port_is_a_finding_of_plugin_0_as_in_the_console() -> None:
    rows, tally = rows_of(nessus(Host(items=(Item(plugin=0, severity=0), Item()))))
    assert [row.fields["pluginID"] for row in rows] == ["0", "10000"]
    assert tally.whole


def test_a_host_without_name_and_address_is_rejected() -> None:
    content = nessus(Host()).replace(b'name="10.0.0.1"', b'name=""')
    rows, tally = rows_of(content.replace(b'<tag name="host-ip">10.0.0.1</tag>', b""))
    assert not rows
    assert tally.listed[0].reason == "its host has neither name nor address"


def test_compliance_checks_of_one_audit_are_told_apart() -> None:
    def check(name: str) -> Item:
        told = f"<cm:compliance-check-name>{name}</cm:compliance-check-name>"
        text = f"<description>{name}</description>"
        return Item(plugin=21_156, port=0, output="", more=text + told)

    rows, _ = rows_of(nessus(Host(items=(check("1.1 one"), check("1.2 two")))))
    assert len({row.fields["vulnUUID"] for row in rows}) == 2
    assert all("vulnUUID" in row.fields["vulnUniqueness"] for row in rows)
    assert "1.1 one" in rows[0].fields["pluginText"]
    assert rows[0].fields["description"] == ""


@pytest.mark.parametrize("state", ["Fixed", "Resurfaced", "Active"])
def test_the_state_that_an_export_tells_is_heeded(state: str) -> None:
    more = (
        f"<vulnerability_state>{state}</vulnerability_state><last_fixed>2023-11-15T00:00:00Z"
        "</last_fixed><first_found>2023-11-01T00:00:00Z</first_found>"
    )
    rows, _ = rows_of(nessus(Host(items=(Item(more=more),))))
    assert rows[0].source is (Source.PATCHED if state == "Fixed" else Source.CUMULATIVE)
    assert rows[0].fields["hasBeenMitigated"] == str(int(state == "Resurfaced"))
    assert rows[0].fields["firstSeen"] == "1698796800"


@pytest.mark.parametrize("content", [BOMB, OUTSIDE], ids=["bomb", "outside"])
def test_a_document_type_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="declares a document type"):
        rows_of(content)


def test_deep_nesting_is_refused() -> None:
    content = b"<NessusClientData_v2>" + b"<a>" * 100_000
    with pytest.raises(UsageError, match="nested more than"):
        rows_of(content)


def test_a_tag_without_end_is_refused_before_it_fills_the_memory() -> None:
    content = b'<NessusClientData_v2><Report name="' + b"x" * (40 << 20)
    with pytest.raises(UsageError, match="a tag of more than 16 MB"):
        rows_of(content)


def test_text_beyond_the_limit_is_left_out_and_counted() -> None:
    long = replace(Item(), output="x" * (results.MOST_TEXT + 100_000))
    rows, tally = rows_of(nessus(Host(items=(long, Item()))))
    assert len(rows[0].fields["pluginText"]) <= results.MOST_TEXT + 100
    assert tally.odd == {"text beyond the limit left out": 1}
    assert rows[1].fields["pluginText"] == "<plugin_output>seen</plugin_output>"


def test_elements_beyond_the_limit_are_left_out_and_counted() -> None:
    many = Item(more="<cve>CVE-1</cve>" * (results.MOST_ELEMENTS + 10))
    _, tally = rows_of(nessus(Host(items=(many,))))
    assert tally.odd == {"elements beyond the limit left out": 1}


def test_characters_that_no_xml_can_hold_are_replaced_and_counted() -> None:
    content = nessus(Host(items=(Item(output="a@b#c"),)))
    content = content.replace(b"a@b#c", b"a\x00b\x1bc&#0;&#x1B;\xff")
    rows, tally = rows_of(content)
    assert rows[0].fields["pluginText"] == "<plugin_output>a?b?c??\ufffd</plugin_output>"
    assert tally.odd == {"control characters replaced": 4, "bytes that are no text": 1}
    assert tally.whole


def test_a_bad_reference_is_found_across_the_end_of_a_chunk() -> None:
    for shift in range(12):
        filler = "y" * (results.CHUNK - 600 + shift)
        content = nessus(Host(items=(Item(output=filler + "@@@"),)))
        place = content.index(b"@@@")
        padding = b" " * ((-place - shift) % results.CHUNK)
        content = content.replace(b"<Policy>", padding + b"<Policy>").replace(b"@@@", b"&#x1f;")
        _, tally = rows_of(content)
        assert tally.whole
        assert tally.odd == {"control characters replaced": 1}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_other_encodings_are_read(encoding: str) -> None:
    text = nessus(Host(items=(Item(output="Größe"),))).decode()
    text = text.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    told = only(text.encode(encoding))
    assert told["pluginText"] == "<plugin_output>Größe</plugin_output>"


def test_a_file_cut_off_tells_so_and_gives_what_came_before() -> None:
    content = nessus(*(Host(ip=f"10.0.0.{n}") for n in range(1, 9)))
    for end in range(content.index(b"<Report "), len(content) - 25, 37):
        rows, tally = rows_of(content[:end])
        assert tally.broken
        assert not tally.whole
        assert tally.adds_up
        assert len(rows) == content[:end].count(b"</ReportItem>")


@settings(deadline=None, max_examples=60)
@given(
    cut=st.integers(0, 2_000),
    junk=st.binary(max_size=40),
    at=st.integers(0, 2_000),
)
def test_whatever_the_bytes_are_every_row_is_accounted_for(cut: int, junk: bytes, at: int) -> None:
    whole = nessus(Host(), Host(ip="10.0.0.2", items=(Item(), Item(plugin=0))))
    content = whole[:at] + junk + whole[at : at + cut]
    try:
        rows, tally = rows_of(content)
    except UsageError:
        return
    assert tally.adds_up
    assert len(rows) == tally.given


def test_an_export_is_read_by_its_headings() -> None:
    told = only(export({"DNS Name": "srv.example"}), exports.read)
    assert (told["ip"], told["dnsName"], told["port"]) == ("10.0.0.1", "srv.example", "443")
    assert (told["firstSeen"], told["lastSeen"]) == ("1698832800", str(START))


def test_repository_and_accepted_risk_come_from_the_export() -> None:
    head = (*ROW, "Accept Risk Comment", "Recast Risk Comment", "Owner")
    extra = {"Accept Risk Comment": "agreed", "Recast Risk Comment": "", "Owner": "=HYPERLINK(1)"}
    [row], _ = rows_of(export(extra, head=head), exports.read)
    assert row.repository == "Main"
    assert (row.fields["acceptRisk"], row.fields["recastRisk"]) == ("1", "0")
    assert row.beyond == {"Owner": "=HYPERLINK(1)"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Plugin": "abc"}, "Plugin is 'abc'"),
        ({"Severity": "Awful"}, "Severity is 'Awful'"),
        ({"Port": "99999"}, "Port is '99999'"),
        ({"IP Address": "not one"}, "IP Address is 'not one', which is no single address"),
        ({"IP Address": ""}, "it names no host"),
    ],
)
def test_a_row_that_cannot_be_used_is_listed(change: dict[str, str], reason: str) -> None:
    rows, tally = rows_of(export({}, change, {}), exports.read)
    assert len(rows) == 2
    assert [(one.place, one.reason) for one in tally.listed] == [("line 3", reason)]
    assert tally.adds_up


def test_a_broken_quote_does_not_swallow_the_rows_behind_it() -> None:
    content = export({}, {"Plugin Output": "BREAK"}, {}, {})
    content = content.replace(b'"BREAK"', b'"BR"EAK"')
    rows, tally = rows_of(content, exports.read)
    assert len(rows) == 3
    assert tally.rejected >= 1
    assert tally.adds_up


def test_rows_with_other_widths_are_rejected_and_blank_ones_passed_over() -> None:
    content = export({}) + b'"1","2"\r\n\r\n' + b"," * (len(ROW) - 1) + b"\r\n" + export({})[-200:]
    rows, tally = rows_of(content, exports.read)
    assert len(rows) >= 1
    assert tally.listed[0].reason == f"it has 2 cells, the headings are {len(ROW)}"


def test_an_export_that_ends_within_a_cell_is_broken() -> None:
    content = export({}, {"Plugin Output": "long text"})
    rows, tally = rows_of(content[: content.rindex(b"text")], exports.read)
    assert len(rows) == 1
    assert "ends within a quoted cell" in tally.broken


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_marks_and_delimiters_of_spreadsheets_are_understood(encoding: str, delimiter: str) -> None:
    text = export({"Plugin Output": "Größe"}).decode().replace('","', f'"{delimiter}"')
    told = only(text.encode(encoding), exports.read)
    assert told["pluginText"] == "Größe"


def test_a_heading_that_comes_twice_is_told() -> None:
    content = export({}).replace(b'"DNS Name"', b'"Port"')
    rows, tally = rows_of(content, exports.read)
    assert rows[0].fields["port"] == "443"
    assert tally.odd == {"column that comes twice, the first was read": 1}
    assert "'Port'" in tally.odd.examples["column that comes twice, the first was read"]


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name\n", "but a CSV of Nessus"),
        (b"definition.id;asset.name;severity\n", "Tenable Vulnerability Management"),
        (b"Plugin,IP Address\n", "it lacks the column Severity"),
        (b"hello world\n", "it lacks the columns Plugin, Severity, IP Address"),
    ],
)
def test_what_is_no_export_is_refused_with_the_columns_it_lacks(head: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        rows_of(head + b"1,2,3\n", exports.read)


def test_an_export_without_ports_says_what_that_means() -> None:
    head = tuple(name for name in ROW if name not in {"Port", "Protocol", "Last Observed"})
    rows, tally = rows_of(export({}, head=head), exports.read)
    assert rows[0].fields["port"] == ""
    assert len(tally.warnings) == 2


def test_packed_files_are_known_by_their_bytes(tmp_path: Path) -> None:
    path = tmp_path / "scan.txt"
    path.write_bytes(gzip.compress(nessus(Host())))
    assert len(list(read_file(path, Tally("scan")))) == 1


def test_a_packed_file_that_grows_without_end_is_refused() -> None:
    packed = 400 * gzip.compress(b"\0" * (1 << 20))
    stream = BufferedReader(Unpacked(io.BytesIO(packed), "bomb.gz"), 1 << 20)
    with pytest.raises(UsageError, match="more than 300 times its size"):
        list(iter(lambda: stream.read(1 << 20), b""))


def test_days_are_not_lost() -> None:
    told = only(nessus(Host(end=START + DAY)))
    assert told["lastSeen"] == str(START + DAY)
