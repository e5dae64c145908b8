from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.address import Member, MemberKind, members, parse_address, parse_member

V4 = st.integers(0, 2**32 - 1)
V6 = st.integers(2**64, 2**128 - 1)
LABELS = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)
NAMES = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


def span(text: str) -> tuple[str, str, str]:
    member = parse_member(text)
    if member.first is None or member.last is None:
        return member.kind, member.value, member.value
    if member.kind is MemberKind.IPV4:
        return member.kind, str(IPv4Address(member.first)), str(IPv4Address(member.last))
    return member.kind, str(IPv6Address(member.first)), str(IPv6Address(member.last))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("192.168.1.1", "192.168.1.1", "192.168.1.1"),
        ("10.8.16.26-10.8.16.30", "10.8.16.26", "10.8.16.30"),
        ("10.8.16.26 - 10.8.16.30", "10.8.16.26", "10.8.16.30"),
        ("10.8.16.26-27", "10.8.16.26", "10.8.16.27"),
        ("10.8.16.26-17.5", "10.8.16.26", "10.8.17.5"),
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"),
        ("10.1.2.3/24", "10.1.2.0", "10.1.2.255"),
        ("10.1.2.3/255.255.255.0", "10.1.2.0", "10.1.2.255"),
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),  # noqa: S104  a range, nothing binds to it
        ("192.168.1.14|", "192.168.1.14", "192.168.1.14"),
        ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.0/120", "10.0.0.0", "10.0.0.255"),
        ("::ffff:10.0.0.1-::ffff:10.0.0.9", "10.0.0.1", "10.0.0.9"),
    ],
)
def test_ipv4_is_read(text: str, first: str, last: str) -> None:
    assert span(text) == ("ipv4", first, last)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2001:DB8::A", "2001:db8::a", "2001:db8::a"),
        ("[2001:db8::1]", "2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1", "fe80::1"),
        ("fe80::1%25/64", "fe80::", "fe80::ffff:ffff:ffff:ffff"),
        ("2001:db8::1-2001:db8::ff", "2001:db8::1", "2001:db8::ff"),
        ("fe80::1%eth0-fe80::9%eth0", "fe80::1", "fe80::9"),
        ("2001:db8::5/126", "2001:db8::4", "2001:db8::7"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::ffff:10.0.0.0/90", "::ffc0:0:0", "::ffff:ffff:ffff"),
    ],
)
def test_ipv6_is_read(text: str, first: str, last: str) -> None:
    assert span(text) == ("ipv6", first, last)


@pytest.mark.parametrize(
    "text",
    ["0A1B2C3D4E5F60718293A4B5C6D7E8F9", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"],
)
def test_an_id_is_read_with_and_without_dashes(text: str) -> None:
    assert span(text)[:2] == ("uuid", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("WEB-01.Example.com.", "web-01.example.com"),
        ("filer", "filer"),
        ("_sip.example", "_sip.example"),
        ("10.0.0.1-static.provider.example", "10.0.0.1-static.provider.example"),
        ("münchen.example", "münchen.example"),
    ],
)
def test_a_dns_name_is_read_without_its_case_and_last_dot(text: str, name: str) -> None:
    assert span(text)[:2] == ("dns", name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10.0.0.9-10.0.0.1", "ends before it starts"),
        ("10.0.0.9-1", "ends before it starts"),
        ("10.0.0.1-300", "no address after the dash"),
        ("10.0.0.1-", "no address after the dash"),
        ("10.0.0.1-10.0.0.2-10.0.0.3", "no address after the dash"),
        ("2001:db8::1-10.0.0.1", "one kind of address"),
        ("10.0.0.0/33", "prefix length"),
        ("host/24", "no address before the slash"),
        ("*.example.com", "wildcard"),
        ("10.0.0", "not whole"),
        ("010.0.0.1", "not whole"),
        ("|web.example|", "neither"),
        ("a b", "neither"),
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason(text: str, reason: str) -> None:
    member = parse_member(text)
    assert member.kind is MemberKind.UNPARSED
    assert member.text == text
    assert reason in member.reason


def test_a_line_with_a_name_keeps_it() -> None:
    member = parse_member("192.168.1.14|Web.example|")
    assert (member.kind, member.name) == (MemberKind.IPV4, "Web.example")
    assert member.text == "192.168.1.14|Web.example|"


def test_viewable_addresses_of_a_real_console_are_read_line_by_line() -> None:
    found = list(members("192.168.1.14|\n192.168.1.21|\n\n"))
    assert [member.text for member in found] == ["192.168.1.14|", "192.168.1.21|"]


def test_commas_semicolons_line_breaks_and_blanks_part_the_items() -> None:
    text = " 10.0.0.1,10.0.0.2;10.0.0.3\r\n10.0.0.4 - 10.0.0.5\t10.0.0.6 web.example "
    first, *rest = [member.text for member in members(text)]
    assert first == "10.0.0.1"
    assert rest[:2] == ["10.0.0.2", "10.0.0.3"]


def test_blanks_part_addresses_but_no_sentence() -> None:
    assert len(list(members("10.0.0.1 10.0.0.2-9 web.example"))) == 3
    sentence = list(members("ask the network team"))
    assert [member.text for member in sentence] == ["ask the network team"]


@given(V4, V4)
def test_a_range_reads_back(one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = f"{IPv4Address(low)}-{IPv4Address(high)}"
    expected = Member(kind=MemberKind.IPV4, text=text, first=low, last=high)
    assert parse_member(text) == expected


@given(V6, V6)
def test_an_ipv6_range_reads_back(one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = f"{IPv6Address(low)}-{str(IPv6Address(high)).upper()}"
    expected = Member(kind=MemberKind.IPV6, text=text, first=low, last=high)
    assert parse_member(text) == expected


@given(V4, st.integers(0, 32))
def test_an_ipv4_block_is_what_the_standard_library_says(number: int, prefix: int) -> None:
    text = f"{IPv4Address(number)}/{prefix}"
    network = ip_network(text, strict=False)
    assert span(text) == ("ipv4", str(network[0]), str(network[-1]))


@given(V6, st.integers(0, 128))
def test_an_ipv6_block_is_what_the_standard_library_says(number: int, prefix: int) -> None:
    text = f"{IPv6Address(number)}/{prefix}"
    network = ip_network(text, strict=False)
    assert span(text) == ("ipv6", str(network[0]), str(network[-1]))


@given(NAMES)
def test_names_read_back(name: str) -> None:
    assert span(name.upper())[:2] == ("dns", name)


@given(st.text(st.sampled_from("0123456789abcdef.:-/|%[] ,;\n*"), max_size=60) | st.text())
def test_no_text_is_refused_and_none_is_lost(text: str) -> None:
    written = "".join(member.text for member in members(text))
    blank = re.compile(r"[\s,;\x85]+")
    assert blank.sub("", written) == blank.sub("", text)


@given(st.lists(st.one_of(V4.map(IPv4Address), V6.map(IPv6Address), NAMES)))
def test_every_item_becomes_one_member(items: list[object]) -> None:
    written = [str(item) for item in items]
    assert [member.text for member in members(",".join(written))] == written


@given(st.text())
def test_an_address_is_read_or_none(text: str) -> None:
    found = parse_address(text)
    assert found is None or found[1] >= 0
