"""A page in columns: each table apart, plugins and outputs once, keys that tell rows apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pages_of import Reading, Row, finding, read, row

from plumbline.domain.finding import Source
from plumbline.domain.normalise import Note
from plumbline.extract.sheet import STAGED


def keys(*rows: dict[str, Any]) -> list[str]:
    found: list[str] = read(*rows).findings["finding"].to_pylist()
    return found


def plugin(**fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = read(row(1, **fields)).plugins.to_pylist()[0]
    return found


def test_every_table_has_its_staged_form_even_when_empty() -> None:
    for page in (read(), read(row(1), row(2))):
        for name in ("findings", "aliases", "plugins", "outputs"):
            assert getattr(page, name).schema.equals(STAGED[name])


def test_a_finding_is_read_field_by_field() -> None:
    found = finding(port="443", acceptRisk="1", hasBeenMitigated="1", recastRiskRuleComment="why")
    assert (found["port"], found["protocol"], found["severity"]) == (443, "TCP", 1)
    assert (found["accepted"], found["recast"], found["mitigated_before"]) == (True, False, True)
    assert found["first_seen"] == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (found["repository_id"], found["recast_comment"]) == (1, "why")
    assert (found["accept_comment"], found["extra"]) == (None, None)


def test_the_same_row_has_the_same_key_whenever_it_is_read() -> None:
    assert keys(row(1), row(2)) == keys(row(1), row(2))
    assert keys(row(1, severity={"id": "4"}, lastSeen="1800000000", pluginText="")) == keys(row(1))


@pytest.mark.parametrize(
    "other",
    [
        {"port": "9"},
        {"protocol": "UDP"},
        {"pluginID": "5"},
        {"ip": "10.9.9.9"},
        {"dnsName": "other.example.test"},
        {"repository": {"id": "2"}},
    ],
)
def test_what_names_a_finding_makes_another_key(other: dict[str, Any]) -> None:
    one, two = keys(row(1), row(1, **other))
    assert one != two


def test_rows_of_one_key_with_different_outputs_are_both_kept_apart() -> None:
    first, second = row(1, pluginText="first"), row(1, pluginText="second")
    page = read(first, second)
    found = page.findings["finding"].to_pylist()
    assert len(set(found)) == 2
    assert sorted(found) == sorted(keys(second, first))
    assert dict(zip(found, page.findings["output"].to_pylist(), strict=True)) == dict(
        zip(keys(second, first), read(second, first).findings["output"].to_pylist(), strict=True)
    )
    assert keys(first)[0] in found


def test_rows_told_twice_over_are_one_finding() -> None:
    assert len(set(keys(row(1), row(1), row(1)))) == 1


@pytest.mark.parametrize("missing", [None, "", [], {}])
def test_rows_without_a_readable_plugin_are_told_apart_by_what_they_say(missing: object) -> None:
    rows = [row(1, pluginID=missing, pluginName=f"Check {n}", pluginText="") for n in range(3)]
    assert len(set(keys(*rows))) == 3
    assert read(*rows).findings["plugin_id"].to_pylist() == [None] * 3


def test_rows_with_unreadable_ports_are_told_apart_on_their_page() -> None:
    rows = [row(1, port=[n], pluginText="") for n in range(3)]
    assert len(set(keys(*rows))) == 3


def test_a_vuln_uuid_names_a_finding_only_where_the_row_says_so() -> None:
    named = {"vulnUniqueness": "repositoryID,vulnUUID"}
    one, two = keys(row(1, vulnUUID="a", **named), row(1, vulnUUID="b", **named))
    assert one != two
    one, two = keys(row(1, vulnUUID="a"), row(1, vulnUUID="b"))
    assert one == two


def test_hosts_are_told_once_a_page_with_the_span_of_their_findings() -> None:
    page = read(
        row(1, port="1", firstSeen="1700001000", lastSeen="1700005000"),
        row(1, port="2", firstSeen="1700002000", lastSeen="1700009000"),
        row(2),
    )
    assert page.aliases.num_rows == 2
    first = page.aliases.to_pylist()[0]
    assert [int(first[name].timestamp()) for name in ("first_seen", "last_seen")] == [
        1_700_001_000,
        1_700_009_000,
    ]
    assert page.findings["alias"].to_pylist()[:2] == [first["alias"]] * 2


def test_a_row_that_names_no_repository_belongs_to_the_one_that_was_asked() -> None:
    bare = row(1)
    del bare["repository"]
    for told in (bare, row(1, repository={"name": "x"}), row(1, repository="1"), row(1)):
        assert finding(**told)["repository_id"] == 1
        page = read(told)
        assert page.aliases["repository_id"].to_pylist() == [1]
        assert keys(told) == keys(row(1))


def test_outputs_are_given_once_in_a_run() -> None:
    reading = Reading()
    first = reading.read([row(1, pluginText="same"), row(2, pluginText="same"), row(3)])
    second = reading.read([row(4, pluginText="same"), row(5, pluginText="")])
    assert first.outputs.num_rows == 2
    assert second.outputs.num_rows == 0
    assert second.findings["output"].to_pylist() == [first.findings["output"][0].as_py(), None]


def test_plugins_are_given_once_in_a_run_and_again_when_they_change() -> None:
    reading = Reading()
    same = {"pluginID": "7", "pluginModDate": "1700000000"}
    assert reading.read([row(1, **same), row(2, **same)]).plugins.num_rows == 1
    assert reading.read([row(3, **same)]).plugins.num_rows == 0
    again = reading.read([row(4, **same | {"pluginModDate": "1700000001"})])
    assert again.plugins.num_rows == 1
    assert again.odd == {"plugin told in two ways": 1}


def test_a_plugin_is_read_with_its_lists_and_kev() -> None:
    found = plugin(
        cve="CVE-2020-1,CVE-2020-2",
        bid="1,2",
        xref="CISA-KNOWN-EXPLOITED #2024/07/03,CWE #502",
        cpe="cpe:/a:x<br/>cpe:/a:y,cpe:/a:z",
        seeAlso="https://a\nhttps://b\r\n",
        exploitFrameworks="Core, Metasploit",
        exploitAvailable="Yes",
        vprScore="6.7",
        vprContext="[]",
        patchPubDate="-1",
        family={"id": "6", "name": "CGI abuses", "type": "active"},
    )
    assert found["cves"] == ["CVE-2020-1", "CVE-2020-2"]
    assert found["bids"] == ["1", "2"]
    assert found["xrefs"] == ["CISA-KNOWN-EXPLOITED #2024/07/03", "CWE #502"]
    assert (found["kev"], found["kev_due"]) == (True, "2024/07/03")
    assert found["cpes"] == ["cpe:/a:x", "cpe:/a:y", "cpe:/a:z"]
    assert found["see_also"] == ["https://a", "https://b"]
    assert found["exploit_frameworks"] == ["Core", "Metasploit"]
    assert (found["exploit"], found["vpr"], found["vpr_drivers"]) == (True, 6.7, None)
    assert found["patch_published"] is None
    assert (found["family_id"], found["family"], found["family_type"]) == (
        6,
        "CGI abuses",
        "active",
    )


@pytest.mark.parametrize("context", ['[{"id":"a"}]', [{"id": "a"}]])
def test_drivers_of_a_vpr_are_read_as_text_and_as_a_list(context: object) -> None:
    assert plugin(vprContext=context)["vpr_drivers"].replace(" ", "") == '[{"id":"a"}]'


def test_what_does_not_fit_a_plugin_is_kept_with_it() -> None:
    found = plugin(vprScore="high", pluginModDate="soon")
    assert (found["vpr"], found["plugin_modified"]) == (None, None)
    assert found["extra"] == '{"pluginModDate": "soon", "vprScore": "high"}'


def test_both_stores_are_marked_as_such() -> None:
    reading = Reading()
    assert reading.read([row(1)], Source.PATCHED).findings["source"].to_pylist() == ["patched"]


def test_when_a_patched_finding_was_mitigated_is_read() -> None:
    assert finding(lastMitigated="1700000000")["last_mitigated"] is not None
    assert finding()["last_mitigated"] is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=12))
def test_distinct_findings_are_as_many_as_distinct_rows(numbers: list[int]) -> None:
    rows = [row(n, pluginText=f"output {n}") for n in numbers]
    page = read(*rows)
    assert page.findings.num_rows == len(rows)
    assert len(set(page.findings["finding"].to_pylist())) == len(set(numbers))
    assert page.outputs.num_rows == len(set(numbers))


def test_what_does_not_fit_a_host_is_kept_with_its_findings_and_counted() -> None:
    odd = {"acrScore": "high", "credentialed": "perhaps"}
    page = read(row(1, **odd, port="1"), row(1, **odd, port="2"), row(2))
    assert [json.loads(one or "{}") for one in page.findings["extra"].to_pylist()] == [odd, odd, {}]
    assert page.odd == {
        Note.SCORE_UNREADABLE: 1,
        "credentialed with a value that does not fit": 1,
    }
    assert page.aliases["acr"].to_pylist() == [None, None]


def test_a_host_that_tells_of_credentials_is_heard() -> None:
    page = read(row(1, credentialed="true"), row(2, credentialed="0"), row(3))
    assert page.aliases["credentialed"].to_pylist() == [True, False, None]


def test_what_was_odd_is_counted_with_an_example_and_its_place() -> None:
    page = read(row(1), row(2, ip="2001:DB8::1", pluginID="9", lastSeen="9999999999"), row(3))
    assert page.odd == {Note.ADDRESS_REWRITTEN: 1, Note.TIME_OUTSIDE: 1}
    place = "plugin 9 on 2001:DB8::1, repository 1, page row 2"
    assert page.odd.examples == {
        Note.ADDRESS_REWRITTEN: f"'2001:DB8::1' (ip, {place})",
        Note.TIME_OUTSIDE: f"'9999999999' (lastSeen, {place})",
    }
    assert page.findings["ip"].to_pylist()[1] == "2001:db8::1"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"ip": "2001:DB8:0::1"}, {"ip": "2001:db8::1"}),
        ({"ip": "010.000.000.001"}, {"ip": "10.0.0.1"}),
        ({"dnsName": "Host.Example."}, {"dnsName": "host.example"}),
        ({"protocol": "6"}, {"protocol": "TCP"}),
        ({"protocol": "tcp"}, {"protocol": "TCP"}),
        ({"port": 443}, {"port": "443"}),
        ({"port": 443.0}, {"port": "443"}),
        ({"pluginID": 0}, {"pluginID": "0"}),
    ],
)
def test_what_means_the_same_is_the_same_finding(first: Row, second: Row) -> None:
    one, two = keys(row(1, **first), row(1, **second))
    assert one == two


@pytest.mark.parametrize("field", ["pluginID", "port", "protocol"])
def test_what_cannot_be_read_never_makes_two_findings_one(field: str) -> None:
    values = ["x", "y", "70000000000000000000", "70000000000000000001", "", "n/a", "?"]
    rows = [row(1, **{field: value}) for value in values]
    assert len(set(keys(*rows))) == len(values)


@pytest.mark.parametrize("plugin_id", [-7, 0, -1, 1_000_007, 2**63 - 1, -(2**63)])
def test_any_whole_number_is_a_plugin_id(plugin_id: int) -> None:
    found = finding(pluginID=str(plugin_id))
    assert (found["plugin_id"], found["extra"]) == (plugin_id, None)


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        ({"id": "3.0", "name": "High"}, 3),
        ({"id": "", "name": "High", "description": "High Severity"}, 3),
        ({"id": "7", "name": "Critical"}, 4),
        ("Low", 1),
        ({"id": "5", "name": "Emergency"}, None),
        (None, None),
    ],
)
def test_a_severity_without_a_known_id_is_read_by_its_name(
    severity: object, expected: int | None
) -> None:
    page = read(row(1), row(2, severity=severity))
    assert page.findings["severity"].to_pylist() == [1, expected]
    [kind] = page.odd or ["severity"]
    assert kind.startswith("severity")
    kept = json.loads(page.findings["extra"].to_pylist()[1] or "{}")
    assert kept == ({} if expected is not None else {"severity": severity})
