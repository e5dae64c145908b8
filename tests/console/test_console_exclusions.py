"""Exclusions become questions that the console can answer, and nothing falls between them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import KEYS, Ledger, Scripted, severities

from plumbline.console.client import Console
from plumbline.console.exclusions import alternatives, check_exclusions, exclusions
from plumbline.console.query import Analysis, Filter, Tool, families, hosts
from plumbline.domain.address import MemberKind
from plumbline.domain.connection import PluginType, Scope
from plumbline.domain.finding import Source
from plumbline.domain.ranges import AddressRange, complement, overlap, read_range
from plumbline.errors import IncompleteError, UsageError
from plumbline.extract.slices import Asking, Slice, host_slices

QUERY = Analysis(tool=Tool.SUMSEVERITY)


def asked(scope: Scope, known: tuple[int, ...] = ()) -> list[list[str]]:
    """The conditions of each question, as texts."""
    found = alternatives(exclusions(scope, known))
    return [list(map(str, conditions)) for conditions in found]


def test_without_exclusions_there_is_one_question_without_conditions() -> None:
    assert alternatives(exclusions(Scope(exclude_repositories=(1,)))) == ((),)
    assert replace(QUERY, alternatives=((),)).questions == (QUERY,)


def test_other_families_are_named_and_compliance_is_asked_for_by_its_type() -> None:
    scope = Scope(exclude_families=(3,))
    assert asked(scope, (0, 1, 2, 3)) == [["family=1,2"], ["pluginType=compliance"]]
    scope = Scope(exclude_families=(3, 0))
    assert asked(scope, (0, 1, 2, 3)) == [["family=1,2"]]


def test_each_other_plugin_type_is_a_question_of_its_own() -> None:
    scope = Scope(exclude_plugin_types=(PluginType.LCE, PluginType.PASSIVE))
    assert asked(scope) == [["pluginType=active"], ["pluginType=compliance"]]


def test_conditions_that_contradict_each_other_are_no_question() -> None:
    scope = Scope(exclude_families=(3,), exclude_plugin_types=(PluginType.COMPLIANCE,))
    assert asked(scope, (2, 3)) == [
        ["family=2", "pluginType=active"],
        ["family=2", "pluginType=passive"],
        ["family=2", "pluginType=lce"],
    ]


def test_the_ranges_around_excluded_addresses_are_asked_for() -> None:
    scope = Scope(exclude_addresses=("10.0.0.0/8", "10.0.0.1"))
    assert asked(scope) == [["ip=0.0.0.0-9.255.255.255,11.0.0.0-255.255.255.255,::/0"]]


def test_hosts_inside_an_excluded_range_are_never_asked_for() -> None:
    scope = Scope(exclude_addresses=("10.0.0.0/8",))
    asking = Asking(scope=scope, alternatives=alternatives(exclusions(scope)))
    wanted = ("10.1.2.3", "192.0.2.1", "192.0.2.2", "web application")
    [part] = asking.apart(host_slices(1, Source.CUMULATIVE, wanted))
    query = asking.query(Tool.VULNDETAILS, part)
    assert hosts("192.0.2.1", "192.0.2.2", "web application") in query.filters
    assert part.name.endswith("-0")
    inside = host_slices(1, Source.CUMULATIVE, ("10.1.2.3",))
    assert list(asking.apart(inside)) == []


def test_slices_of_a_connection_without_exclusions_keep_their_names() -> None:
    part = Slice(repository_id=1, source=Source.PATCHED)
    assert [one.name for one in Asking(scope=Scope()).apart([part])] == ["r1-patched-all"]


def test_families_that_are_included_and_excluded_are_excluded() -> None:
    query = QUERY.within(Scope(families=(1, 2, 3), exclude_families=(2,)))
    assert query.filters == (families(1, 3),)


def test_several_questions_are_never_sent_as_one() -> None:
    query = replace(QUERY, alternatives=((families(1),), (families(2),)))
    with pytest.raises(UsageError, match="no common order"):
        query.body(0, 1)
    both = query.where(families(2, 3)).questions
    assert [one.filters for one in both] == [(families(2),)]


@pytest.mark.network
def test_counts_of_several_questions_are_added_up() -> None:
    query = replace(QUERY, alternatives=((families(1),), (families(2),)))
    with (
        Scripted(severities(1, 2, 3, 4, 5), severities(5, 0, 0, 0, 1)) as server,
        Console(server.connection(), KEYS, Ledger()) as sc,
    ):
        assert sum(sc.severity_counts(query).values()) == 21
        assert sc.severity_counts(replace(QUERY, alternatives=())) == dict.fromkeys(range(5), 0)
    assert len(server.asked) == 2


@pytest.mark.network
def test_findings_that_neither_side_reaches_stop_the_run() -> None:
    found = exclusions(Scope(exclude_addresses=("10.0.0.0/8",)))
    whole, kept, left_out = (severities(n, 0, 0, 0, 0) for n in (9, 3, 5))
    with (
        Scripted(*([whole, kept, left_out] * 3)) as server,
        Console(server.connection(), KEYS, Ledger()) as sc,
        pytest.raises(IncompleteError, match="make 8 cumulative findings, the console counts 9"),
    ):
        check_exclusions(sc, QUERY, found)
    assert len(server.asked) == 9


@pytest.mark.network
def test_a_console_that_changed_meanwhile_is_counted_again() -> None:
    found = exclusions(Scope(exclude_addresses=("10.0.0.0/8",)))
    nine, three, five, six = (severities(n, 0, 0, 0, 0) for n in (9, 3, 5, 6))
    with (
        Scripted(nine, three, five, nine, three, six) as server,
        Console(server.connection(), KEYS, Ledger()) as sc,
    ):
        check_exclusions(sc, QUERY, found)


numbers = st.integers(0, 2**32 - 1)
ranges = st.lists(
    st.tuples(numbers, numbers).map(lambda p: AddressRange(MemberKind.IPV4, min(p), max(p))),
    max_size=5,
)


@given(ranges, numbers)
def test_every_address_is_in_a_range_or_in_the_complement(
    some: list[AddressRange], address: int
) -> None:
    one = AddressRange(MemberKind.IPV4, address, address)
    inside = bool(overlap(one, some))
    assert bool(overlap(one, complement(some))) is not inside


@given(ranges)
def test_ranges_are_written_as_they_are_read(some: list[AddressRange]) -> None:
    for one in [*some, *complement(some)]:
        assert read_range(str(one)) == one


def test_filters_of_other_kinds_agree_only_when_they_are_the_same() -> None:
    one, other = Filter("pluginType", "=", "active"), Filter("pluginType", "=", "lce")
    assert one.narrowed(one) == one
    assert one.narrowed(other) is None
