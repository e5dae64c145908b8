"""Pieces of a slice are apart, are all of it, and fit one page or cannot be cut further."""

from __future__ import annotations

import itertools
from collections import Counter
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plumbline.console.wire import FamilyObject, FamilyRow, HostRow, PluginRow
from plumbline.domain.connection import Scope
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.errors import QueryRefusedError
from plumbline.extract.cuts import Knife, pack
from plumbline.extract.slices import Asking, Slice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.console.query import Analysis, Filter
    from plumbline.extract.cuts import Piece

Row = tuple[int, int, int, str]
"""Severity, family, plugin and address."""
rows = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 3),
        st.integers(1, 12),
        st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.9", "10.0.1.1", "2001:db8::1"]),
    ),
    min_size=1,
    max_size=80,
)


def heeds(row: Row, one: Filter) -> bool:
    """Whether a row passes a filter, as the console understands it."""
    severity, family, plugin, ip = row
    if one.name == "family":
        return family > 0 and family in one.value
    if one.name == "repositoryIDs":
        return True
    value = str(one.value)
    if one.name == "severity":
        return str(severity) in value.split(",")
    if one.name == "pluginID":
        first, _, last = value.partition("-")
        listed = str(plugin) in value.split(",")
        return int(first) <= plugin <= int(last) if last else listed
    if "-" not in value:
        return ip in value.split(",")
    low, high = map(ip_address, value.split("-"))
    found = ip_address(ip)
    return found.version == low.version and int(low) <= int(found) <= int(high)


class Sums:
    """A console that counts rows, and refuses some sums."""

    def __init__(self, held: list[Row], refused: set[str]) -> None:
        self.held = held
        self.refused = refused

    def of(self, query: Analysis, tool: str) -> list[Row]:
        if tool in self.refused:
            raise QueryRefusedError("no", advice="none", unchanged="all")
        return [row for row in self.held if all(heeds(row, one) for one in query.filters)]

    def severity_counts(self, query: Analysis) -> dict[Severity, int]:
        found = Counter(row[0] for row in self.of(query, "severity"))
        return {severity: found[severity] for severity in Severity}

    def family_rows(self, query: Analysis, size: int | None = None) -> Iterator[FamilyRow]:
        del size
        for family, n in Counter(row[1] for row in self.of(query, "family")).items():
            yield FamilyRow(family=FamilyObject(id=str(family)), total=str(n))

    def plugin_rows(self, query: Analysis, size: int | None = None) -> Iterator[PluginRow]:
        del size
        for plugin, n in Counter(row[2] for row in self.of(query, "plugin")).items():
            yield PluginRow(plugin_id=str(plugin), total=str(n))

    def host_rows(self, query: Analysis, size: int | None = None) -> Iterator[HostRow]:
        del size
        for ip, n in Counter(row[3] for row in self.of(query, "host")).items():
            yield HostRow(ip=ip, total=str(n))


def cut(held: list[Row], room: int, *, refused: set[str], by_severity: bool) -> list[Piece]:
    part = Slice(repository_id=1, source=Source.CUMULATIVE, expected=len(held))
    knife = Knife(Sums(held, refused), Asking(scope=Scope()))
    return knife.pieces(part, room, by_severity=by_severity)


@given(
    held=rows,
    room=st.integers(1, 30),
    refused=st.sets(st.sampled_from(["severity", "family", "plugin", "host"])),
    by_severity=st.booleans(),
)
@settings(deadline=None)
def test_pieces_are_apart_and_are_everything(
    held: list[Row], room: int, refused: set[str], *, by_severity: bool
) -> None:
    pieces = cut(held, room, refused=refused, by_severity=by_severity)
    found = [
        [place for place, row in enumerate(held) if all(heeds(row, f) for f in one.part.filters)]
        for one in pieces
    ]
    assert sorted(place for places in found for place in places) == list(range(len(held)))
    assert [len(places) for places in found] == [one.part.expected for one in pieces]
    assert len({one.name for one in pieces}) == len(pieces)
    for one in pieces:
        assert one.part.expected <= room or not one.fits
    if not refused:
        for one, places in zip(pieces, found, strict=True):
            alike = {held[place][2:] for place in places}
            assert one.part.expected <= room or len(alike) == 1


@given(counts=st.dictionaries(st.integers(), st.integers(1, 50)), room=st.integers(1, 60))
def test_neighbours_are_packed_as_far_as_there_is_room(counts: dict[int, int], room: int) -> None:
    groups = list(pack(counts, room))
    assert [key for keys, _ in groups for key in keys] == list(counts)
    for keys, held in groups:
        assert held == sum(counts[key] for key in keys)
        assert held <= room or len(keys) == 1
    for (_, one), (keys, _) in itertools.pairwise(groups):
        assert one + counts[keys[0]] > room


def test_no_more_values_than_fit_a_filter_go_together() -> None:
    assert [len(keys) for keys, _ in pack(dict.fromkeys(range(7), 1), 100, 3)] == [3, 3, 1]


@pytest.mark.parametrize("odd", ["", "none", "10.0.0.300"])
def test_a_sum_that_does_not_cover_the_slice_is_passed_over(odd: str) -> None:
    held: list[Row] = [(n % 5, 1, n, "10.0.0.1") for n in range(1, 11)]
    held[3] = (held[3][0], 1, held[3][2], odd)
    pieces = cut(held, 2, refused={"severity", "family", "plugin"}, by_severity=True)
    assert [one.fits for one in pieces] == [False]
    assert len(cut(held, 2, refused={"severity", "family"}, by_severity=True)) == 5
