"""What an unfinished run left behind serves another run only where nothing can have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from plumbline.domain.connection import Address, Connection, Manners, Scope
from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.sync.memory import (
    USABLE_FOR,
    RepositoryMemory,
    Unfinished,
    mark_of_source,
    remembered,
)

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
ONE = remembered("2026-01-01T00:00:00+00:00", {Source.CUMULATIVE: {Severity.HIGH: 3}})
LEFT = Unfinished(mark="m", base=4, began=BEGAN, repositories={"1": ONE})


def later(**changes: object) -> Unfinished:
    return msgspec.structs.replace(LEFT, began=BEGAN + timedelta(hours=1), **changes)


def test_what_was_left_comes_back() -> None:
    assert Unfinished.read(msgspec.json.encode(LEFT)) == LEFT


@pytest.mark.parametrize("plan", [None, b"", b"{", b"{}", b'{"scope": "x"}', b"\xff"])
def test_what_cannot_be_read_is_nothing(plan: bytes | None) -> None:
    assert Unfinished.read(plan) is None


def test_a_run_goes_on_from_one_like_it() -> None:
    assert later().goes_on_from(LEFT)
    assert later().still_holds("1", LEFT)


@pytest.mark.parametrize("change", [{"mark": "another"}, {"base": 5}, {"base": 0}])
def test_another_scope_console_or_snapshot_is_not_gone_on_from(change: dict[str, object]) -> None:
    assert not later(**change).goes_on_from(LEFT)


def test_what_was_left_long_ago_is_not_gone_on_from() -> None:
    assert not msgspec.structs.replace(LEFT, began=BEGAN + USABLE_FOR).goes_on_from(LEFT)


@pytest.mark.parametrize(
    "now",
    [
        {},
        {"1": RepositoryMemory(updated="2026-01-02T00:00:00+00:00", counts=ONE.counts)},
        {"1": RepositoryMemory(updated=ONE.updated, counts={"cumulative": {"high": 4}})},
    ],
    ids=["out of sight", "moved", "counts differ"],
)
def test_a_repository_that_changed_is_not_taken_over(now: dict[str, RepositoryMemory]) -> None:
    assert not later(repositories=now).still_holds("1", LEFT)


def test_a_repository_that_never_tells_when_it_changed_is_not_taken_over() -> None:
    silent = RepositoryMemory(updated="", counts=ONE.counts)
    left = msgspec.structs.replace(LEFT, repositories={"1": silent})
    assert not later(repositories={"1": silent}).still_holds("1", left)


def test_the_mark_is_of_the_console_and_the_scope_and_of_nothing_else() -> None:
    one = Connection(name="lab", address=Address(url="https://one.example.test"))
    assert mark_of_source(one) == mark_of_source(replace(one, manners=Manners(page_size=5)))
    assert mark_of_source(one) != mark_of_source(replace(one, scope=Scope(repositories=(1,))))
    elsewhere = Address(url="https://two.example.test")
    assert mark_of_source(one) != mark_of_source(replace(one, address=elsewhere))
