from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from plumbline.domain.identity import (
    HostFields,
    Identities,
    alias_key,
    field_names,
    finding_key,
    names_vuln_uuid,
    twin_key,
)

BY_ADDRESS = "repositoryID,ip,dnsName"
TEXT = st.text(max_size=12)
DIGITS = st.text("0123456789", min_size=1, max_size=6)
HOSTS = st.builds(
    HostFields,
    repository_id=DIGITS,
    ip=TEXT,
    dns_name=TEXT,
    mac=TEXT,
    netbios_name=TEXT,
    uuid=TEXT,
    host_uuid=TEXT,
)
UNIQUENESS = st.lists(
    st.sampled_from(["repositoryID", "ip", "dnsName", "uuid", "hostUUID", "macAddress"]), max_size=4
).map(",".join)


def values(host: HostFields) -> dict[str, str]:
    return {
        "repositoryID": host.repository_id,
        "ip": host.ip,
        "dnsName": host.dns_name,
        "macAddress": host.mac,
        "netbiosName": host.netbios_name,
        "uuid": host.uuid,
        "hostUUID": host.host_uuid,
    }


def test_a_key_is_stable_from_release_to_release() -> None:
    row = {"repository.id": "3", "ip": "10.0.0.1", "dnsName": "web.example"}
    assert alias_key("hq", BY_ADDRESS, row) == "0141aaa48fef24f27743afedb8c6e0b6"
    assert finding_key("0" * 32, "10107", "443", "TCP") == "87d0314a6a2fbb5e015a4ddc8b04e758"


def test_only_the_named_fields_decide() -> None:
    row = {"repositoryID": "3", "ip": "10.0.0.1", "dnsName": "web", "macAddress": "aa"}
    moved = {**row, "macAddress": "bb", "pluginText": "anything"}
    assert alias_key("hq", BY_ADDRESS, row) == alias_key("hq", BY_ADDRESS, moved)
    assert alias_key("hq", BY_ADDRESS, row) != alias_key("hq", "repositoryID,macAddress", row)


def test_the_same_host_in_another_repository_or_console_is_another_alias() -> None:
    row = {"repositoryID": "3", "ip": "10.0.0.1"}
    keys = {
        alias_key("hq", BY_ADDRESS, row),
        alias_key("hq", BY_ADDRESS, {**row, "repositoryID": "4"}),
        alias_key("branch", BY_ADDRESS, row),
    }
    assert len(keys) == 3


def test_the_case_of_names_and_ids_does_not_matter() -> None:
    lower = {"repositoryID": "1", "ip": "fe80::a", "dnsName": "web.example"}
    upper = {"repositoryID": "1", "ip": "FE80::A", "dnsName": "WEB.Example"}
    assert alias_key("hq", BY_ADDRESS, lower) == alias_key("hq", BY_ADDRESS, upper)


def test_the_repository_is_found_under_both_spellings() -> None:
    row = {"ip": "10.0.0.1"}
    plain = alias_key("hq", BY_ADDRESS, {**row, "repositoryID": "3"})
    nested = alias_key("hq", BY_ADDRESS, {**row, "repository.id": "3"})
    assert plain == nested
    assert field_names("ip, RepositoryId") == ("ip", "repository.id")


def test_an_unnamed_host_goes_by_its_agent_and_else_by_its_address() -> None:
    agent = {"repositoryID": "1", "uuid": "A-1", "ip": "10.0.0.1"}
    assert alias_key("hq", "", agent) == alias_key("hq", "repositoryID,uuid", agent)
    plain = {"repositoryID": "1", "uuid": "", "ip": "10.0.0.1", "dnsName": "web"}
    assert alias_key("hq", "", plain) == alias_key("hq", BY_ADDRESS, plain)


def test_hosts_whose_named_fields_are_empty_are_not_taken_for_one() -> None:
    first = {"repositoryID": "1", "hostUUID": "", "ip": "10.0.0.1"}
    second = {"repositoryID": "1", "hostUUID": "", "ip": "10.0.0.2"}
    named = "repositoryID,hostUUID"
    assert alias_key("hq", named, first) != alias_key("hq", named, second)


def test_hosts_with_nothing_but_a_mac_are_told_apart() -> None:
    first = {"repositoryID": "1", "macAddress": "aa"}
    second = {"repositoryID": "1", "macAddress": "bb"}
    assert alias_key("hq", "", first) != alias_key("hq", "", second)


def test_a_field_we_do_not_know_still_tells_hosts_apart() -> None:
    identities = Identities("hq")
    host = HostFields("1", ip="10.0.0.1")
    named = "repositoryID,ip,biosGUID"
    first = identities.alias(named, host, {"biosGUID": "a"})
    second = identities.alias(named, host, {"biosGUID": "b"})
    assert first != second
    row = {"repositoryID": "1", "ip": "10.0.0.1", "biosGUID": "a"}
    assert first == alias_key("hq", named, row)


@given(HOSTS, UNIQUENESS)
def test_the_remembered_key_is_the_computed_key(host: HostFields, uniqueness: str) -> None:
    identities = Identities("hq")
    expected = alias_key("hq", uniqueness, values(host))
    assert identities.alias(uniqueness, host) == expected
    assert identities.alias(uniqueness, host) == expected


@given(HOSTS, st.permutations(["repositoryID", "ip", "dnsName", "uuid"]))
def test_the_order_of_the_named_fields_does_not_matter(host: HostFields, names: list[str]) -> None:
    row = values(host)
    expected = alias_key("hq", ("ip", "uuid", "repositoryID", "dnsName"), row)
    assert alias_key("hq", ",".join(names), row) == expected
    assert alias_key("hq", tuple(names), row) == expected


@given(st.tuples(TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT))
def test_different_values_give_different_keys(
    first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    names = ("custom.a", "custom.b", "custom.c")
    assume(first != second and any(map(str.strip, first)) and any(map(str.strip, second)))
    one = alias_key("hq", names, dict(zip(names, first, strict=True)))
    other = alias_key("hq", names, dict(zip(names, second, strict=True)))
    assert one != other


@given(st.tuples(TEXT, TEXT, TEXT, TEXT), st.tuples(TEXT, TEXT, TEXT, TEXT))
def test_different_findings_of_one_host_have_different_keys(
    first: tuple[str, str, str, str], second: tuple[str, str, str, str]
) -> None:
    assume(first[3].lower() != second[3].lower() or (first[:3] != second[:3] and not first[3]))
    assert finding_key("a" * 32, *first) != finding_key("a" * 32, *second)


def test_two_hosts_behind_one_address_keep_their_findings_apart() -> None:
    identities = Identities("hq")
    first = identities.alias(BY_ADDRESS, HostFields("1", ip="10.0.0.1", dns_name="a"))
    second = identities.alias(BY_ADDRESS, HostFields("1", ip="10.0.0.1", dns_name="b"))
    assert finding_key(first, "10107", "80", "TCP") != finding_key(second, "10107", "80", "TCP")


def test_the_consoles_own_id_of_a_finding_outlives_a_change_of_port() -> None:
    first = finding_key("a" * 32, "10107", "80", "TCP", "F-1")
    assert first == finding_key("a" * 32, "10107", "443", "TCP", "f-1")
    assert names_vuln_uuid("repositoryID, vulnUuid")
    assert not names_vuln_uuid("repositoryID,ip,port,protocol,pluginID")


def test_twins_are_told_apart_by_their_ordinal() -> None:
    keys = {twin_key(finding_key("a" * 32, "1", "0", "TCP"), n) for n in range(3)}
    assert len(keys) == 3
    assert finding_key("a" * 32, "1", "0", "TCP") in keys


def test_lone_surrogates_and_control_characters_have_a_key() -> None:
    row = {"repositoryID": "1", "dnsName": "\ud800\x00\r\n"}
    assert len(alias_key("hq", BY_ADDRESS, row)) == 32
    assert len(finding_key("a" * 32, "\ud800", "\x00", "\u202e")) == 32
