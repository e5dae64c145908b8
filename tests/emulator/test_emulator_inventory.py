"""Repositories, asset lists, hosts and people of the emulated console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asking import ask, get
from hypothesis import given
from hypothesis import strategies as st

from plumbline.emulator.addresses import Ranges, runs, spans

if TYPE_CHECKING:
    from plumbline.emulator import Emulator


@pytest.mark.network
def test_repositories_are_a_bare_list_of_every_kind(console: Emulator) -> None:
    rows = get(console, "repository")
    assert set(rows[0]) == {"id", "uuid", "name", "description"}
    asked = get(console, "repository?fields=id,name,type,dataFormat,lastVulnUpdate")
    assert {row["dataFormat"] for row in asked} == {"IPv4", "IPv6", "agent", "universal", "mobile"}
    assert all(row["lastVulnUpdate"].isdigit() for row in asked)
    remote = get(console, "repository?type=Remote&fields=type")
    assert [row["type"] for row in remote] == ["Remote"]


@pytest.mark.network
def test_one_repository_counts_its_findings(console: Emulator) -> None:
    one = get(console, "repository/1")
    counts = console.estate.counts()
    assert one["vulnCount"] == str(sum(n for (r, _), n in counts.items() if r == 1))
    assert one["remoteID"] is None
    assert "ipCount" in one["typeFields"]
    assert "uuidCount" in get(console, "repository/5")["typeFields"]
    assert ask(console, "GET", "/rest/repository/99").status == 403


@pytest.mark.network
def test_asset_lists_are_usable_and_manageable(console: Emulator) -> None:
    both = get(console, "asset")
    assert list(both) == ["usable", "manageable"]
    assert both["usable"][0]["name"] == "All Defined Ranges"
    assert "0" not in {row["id"] for row in both["manageable"]}
    assert set(both["usable"][0]) == {"id", "uuid", "name", "description", "type", "status"}
    recommended = (
        "asset?filter=excludeAllDefined,usable&fields=owner,groups,ownerGroup,status,name,type,"
        "template,description,createdTime,modifiedTime,ipCount,repositories,targetGroup,tags,creator"
    )
    only = get(console, recommended)
    assert list(only) == ["usable"]
    assert "0" not in {row["id"] for row in only["usable"]}
    assert all(isinstance(row["ipCount"], int) for row in only["usable"])
    assert {row["type"] for row in only["usable"]} >= {
        *("static", "dnsname", "dynamic", "combination", "ldapquery", "watchlist", "upload")
    }
    without = get(console, "asset?filter=excludeWatchlists")["usable"]
    assert "watchlist" not in {row["type"] for row in without}


@pytest.mark.network
def test_viewable_addresses_come_in_every_form(console: Emulator) -> None:
    def lines(number: int) -> str:
        entries = get(console, f"asset/{number}?fields=viewableIPs")["viewableIPs"]
        assert len(entries) == 9
        assert all(entry["ipCount"].isdigit() for entry in entries)
        return "".join(entry["ipList"] for entry in entries)

    assert "10.10.0.1|servers-000000.corp.example\n" in lines(1)
    assert "2001:db8:a::1\n" in lines(3)
    assert "-" in lines(0)
    assert lines(14) == ""


@pytest.mark.network
def test_viewable_addresses_only_come_when_asked_for(console: Emulator) -> None:
    assert "viewableIPs" not in get(console, "asset/1")
    assert get(console, "asset/1")["typeFields"] == {"definedIPs": "10.10.0.0/16"}
    assert set(get(console, "asset/1?fields=name")) == {"id", "uuid", "name"}


@pytest.mark.network
def test_a_new_list_is_not_counted_yet(console: Emulator) -> None:
    one = get(console, "asset/15")
    assert one["ipCount"] == -1
    assert {entry["ipCount"] for entry in one["repositories"]} == {"-1"}


@pytest.mark.network
def test_the_definition_of_each_kind_of_list_is_told(console: Emulator) -> None:
    fields = {
        row["type"]: row["typeFields"]
        for row in get(console, "asset?fields=type,typeFields")["usable"]
    }
    assert fields["dynamic"]["rules"]["children"][0]["filterName"]
    assert fields["combination"]["combinations"]["operand1"]["id"]
    assert fields["ldapquery"]["definedLDAPQuery"]["searchBase"]
    assert fields["dnsname"]["definedDNSNames"]


@pytest.mark.network
def test_a_host_is_told_with_its_counts_and_lists(console: Emulator) -> None:
    rows = [row for row in console.estate.rows() if row["ip"] == "10.10.0.1"]
    first = [row for row in rows if row["repository"]["id"] == "1"]
    told = get(console, "repository/1/deviceInfo?ip=10.10.0.1")
    assert told["total"] == str(len(first))
    assert sum(map(int, told["severityAll"].split(","))) == len(first)
    assert told["lastScan"] == max(row["lastSeen"] for row in first)
    assert get(console, "deviceInfo?ip=10.10.0.1") == told
    lists = get(console, "repository/1/assetIntersections?ip=10.10.0.1")["assets"]
    assert {"0", "1"} <= {one["id"] for one in lists}


@pytest.mark.network
def test_hosts_are_a_bare_list_or_a_page(console: Emulator) -> None:
    everyone = get(console, "hosts")
    assert {host["repository"]["dataFormat"] for host in everyone} >= {"IPv4", "agent"}
    wanted = {"filters": {"and": [{"property": "ip", "operator": "eq", "value": "10.10.0.1"}]}}
    path = "/rest/hosts/search?startOffset=0&endOffset=1&paginated=true"
    page: dict[str, Any] = ask(console, "POST", path, wanted).response
    expected = [host for host in everyone if host["ipAddress"] == "10.10.0.1"]
    assert page["totalRecords"] == str(len(expected))
    assert page["results"] == expected[:1]
    assert get(console, f"hosts/{everyone[0]['uuid']}") == everyone[0]


@pytest.mark.network
def test_the_user_is_brief_unless_asked(console: Emulator) -> None:
    assert set(get(console, "currentUser")) == {
        *("id", "uuid", "username", "firstname", "lastname", "status")
    }
    asked = get(console, "currentUser?fields=role,organization,group,locked,authType")
    assert asked["role"] == {"id": "7", "name": "Auditor", "description": "The Auditor role."}
    assert asked["group"]["name"] == "Full Access"
    assert (asked["locked"], asked["authType"]) == ("false", "tns")
    assert get(console, "currentOrganization")["id"] == "1"


@pytest.mark.network
def test_plugins_and_families_can_be_read(console: Emulator) -> None:
    page = get(console, "plugin?startOffset=0&endOffset=3&fields=id,name")
    assert [set(row) for row in page] == [{"id", "name"}] * 3
    one = get(console, f"plugin/{page[0]['id']}")
    assert one["family"]["name"] in {row["name"] for row in get(console, "pluginFamily")}
    assert get(console, "status")["licenseStatus"] == "Valid"


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 300)), max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_ranges_hold_what_any_of_their_parts_holds(
    parts: list[tuple[int, int]], probe: int
) -> None:
    pairs = [(low, min(low + size, 2**32 - 1)) for low, size in parts]
    text = ",".join(f"{_dotted(low)}-{_dotted(high)}" for low, high in pairs)
    assert (_dotted(probe) in Ranges(text)) == any(low <= probe <= high for low, high in pairs)
    for low, high in pairs:
        assert _dotted(low) in Ranges(text)
        assert _dotted(high) in Ranges(text)


@given(st.sets(st.integers(0, 2_000), max_size=50))
def test_runs_join_neighbours_and_hold_the_same_addresses(numbers: set[int]) -> None:
    addresses = {_dotted(number) for number in numbers}
    ranges = Ranges(",".join(f"{first}-{last}" for first, last in runs(addresses)))
    assert all((_dotted(n) in ranges) == (n in numbers) for n in range(2_001))


def test_short_ranges_networks_and_line_breaks_are_read() -> None:
    assert spans("10.0.0.1-9") == spans("10.0.0.1 - 10.0.0.9\r\n")
    assert "10.1.255.255" in Ranges("10.0.0.1,\n10.1.0.0/16")
    assert "2001:db8::5" in Ranges("2001:db8::/64")
    assert "no address" not in Ranges("0.0.0.0/0,::/0")
    with pytest.raises(ValueError, match="range"):
        spans("10.0.0.9-10.0.0.1")


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
