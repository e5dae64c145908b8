from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.address import Origin
from plumbline.extract.definitions import (
    ListDefinition,
    ListReading,
    ViewableAddresses,
    ranges_table,
    read_list,
)
from plumbline.tables import RANGES

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
TYPES = st.sampled_from(["static", "dnsname", "dynamic", "combination", "ldapquery", "", "new"])


def static(addresses: object, *viewable: ViewableAddresses) -> ListReading:
    fields = {"definedIPs": addresses}
    return read_list(
        ListDefinition(list_id=1, type="static", type_fields=fields, viewable=viewable)
    )


def texts(reading: ListReading, origin: Origin) -> list[str]:
    return [part.member.text for part in reading.parts if part.origin is origin]


def test_a_static_list_is_decided_by_its_addresses() -> None:
    reading = static("10.0.0.1,10.0.0.5-10.0.0.9,2001:db8::/64")
    assert reading.decided_by is Origin.DEFINITION
    assert texts(reading, Origin.DEFINITION) == [
        "10.0.0.1",
        "10.0.0.5-10.0.0.9",
        "2001:db8::/64",
    ]


@pytest.mark.parametrize("kind", ["dnsname", "dnsnameupload"])
def test_a_list_of_names_is_decided_by_its_names(kind: str) -> None:
    fields = {"definedDNSNames": "web.example,mail.example"}
    reading = read_list(ListDefinition(list_id=1, type=kind, type_fields=fields))
    assert reading.decided_by is Origin.DEFINITION
    assert [part.member.value for part in reading.parts] == ["web.example", "mail.example"]


@pytest.mark.parametrize("kind", ["upload", "watchlist", "watchlistupload", "staticvulnfilter"])
def test_lists_that_hold_addresses_are_decided_by_them(kind: str) -> None:
    fields = {"definedIPs": "10.0.0.1"}
    reading = read_list(ListDefinition(list_id=1, type=kind, type_fields=fields))
    assert reading.decided_by is Origin.DEFINITION


@pytest.mark.parametrize("kind", ["dynamic", "combination", "ldapquery", "a type to come"])
def test_lists_that_only_the_console_can_work_out_are_decided_by_its_addresses(kind: str) -> None:
    fields = {"rules": {"operator": "all", "children": []}}
    seen = ViewableAddresses(repository_id=7, text="192.168.1.14|\n192.168.1.21|web|\n")
    reading = read_list(ListDefinition(list_id=1, type=kind, type_fields=fields, viewable=(seen,)))
    assert reading.decided_by is Origin.VIEWABLE
    assert json.loads(reading.definition) == fields
    assert [part.repository_id for part in reading.parts] == [7, 7]


def test_viewable_addresses_decide_when_the_definition_names_nobody() -> None:
    seen = ViewableAddresses(repository_id=7, text="10.0.0.1\n")
    assert static("", seen).decided_by is Origin.VIEWABLE
    assert static("to be done", seen).decided_by is Origin.VIEWABLE
    assert static("10.0.0.2", seen).decided_by is Origin.DEFINITION
    assert static("").decided_by is Origin.DEFINITION


def test_lines_that_cannot_be_read_are_kept_once() -> None:
    reading = static("10.0.0.1,see ticket 12,10.0.0.9-10.0.0.1,see ticket 12")
    assert reading.unparsed == ("see ticket 12", "10.0.0.9-10.0.0.1")


@pytest.mark.parametrize("empty", [None, "", [], {}, True])
def test_every_way_of_saying_nothing_is_nothing(empty: object) -> None:
    assert static(empty).parts == ()
    reading = read_list(ListDefinition(list_id=1, type="static", type_fields=empty))
    assert reading.parts == ()


def test_arrays_and_numbered_objects_are_read_like_texts() -> None:
    assert texts(static(["10.0.0.1", "10.0.0.2"]), Origin.DEFINITION) == ["10.0.0.1", "10.0.0.2"]
    assert texts(static({"0": "10.0.0.1"}), Origin.DEFINITION) == ["10.0.0.1"]


def test_rows_carry_addresses_in_hex_and_names_in_words() -> None:
    seen = (
        ViewableAddresses(repository_id=7, text="10.0.0.0/24\nweb.example\n"),
        ViewableAddresses(repository_id=8, text="10.0.0.0/24\n*.example\n"),
    )
    reading = read_list(ListDefinition(list_id=3, type="dynamic", viewable=seen))
    table = ranges_table("hq", [reading])
    assert table.schema == RANGES.schema
    assert table.column("repository_id").to_pylist() == [7, 7, 8, 8]
    assert table.column("kind").to_pylist() == ["ipv4", "dns", "ipv4", "unparsed"]
    low, high = f"{0x0A000000:032x}", f"{0x0A0000FF:032x}"
    assert table.column("first").to_pylist() == [low, "web.example", low, None]
    assert table.column("last").to_pylist() == [high, "web.example", high, None]


def test_no_list_makes_an_empty_table() -> None:
    assert ranges_table("hq", []).equals(RANGES.empty())


@given(TYPES, JSON, JSON)
def test_no_json_is_refused(kind: str, fields: object, addresses: object) -> None:
    seen = ViewableAddresses(repository_id=1, text=addresses)
    definition = ListDefinition(list_id=1, type=kind, type_fields=fields, viewable=(seen,))
    table = ranges_table("hq", [read_list(definition)])
    keys = zip(*(table.column(name).to_pylist() for name in RANGES.key), strict=True)
    assert len(set(keys)) == table.num_rows


@given(st.dictionaries(st.sampled_from(["definedIPs", "definedDNSNames"]), JSON))
def test_any_definition_is_read(fields: dict[str, object]) -> None:
    reading = read_list(ListDefinition(list_id=1, type="static", type_fields=fields))
    table = ranges_table("hq", [reading])
    keys = zip(*(table.column(name).to_pylist() for name in RANGES.key), strict=True)
    assert len(set(keys)) == table.num_rows
