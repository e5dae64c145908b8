"""Tables that every page looks into, held in memory while an estate lives, where they are small.

Questions ask the same tables by the same names and are told the same; no file is opened for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.domain.finding import HostEvent
from plumbline.posture.engine import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_EVENTS = "host_events"
"""Under this name an estate has its events, those of a host beside each other; some columns."""
_HELD = "resident"
_NAMES = ("hosts", "aliases", "memberships", "asset_lists", "repositories", "facts")
_MOST = 500_000
_MOST_EVENTS = 3_000_000
"""Rows; a larger table stays in its files. Packed, a row takes some 5 to 20 bytes."""
_TOLD = ("console", "host", "run", "at", "event", "severity", "names")


def prepare(estate: Estate) -> None:
    """Take the small tables of an estate into memory.

    Raises:
        StorageError: the engine could not read its files or had no room.
    """
    if not estate.is_local or estate.held(_HELD) is not None:
        return
    there = estate.on_file()
    sizes = {name: _size(estate, name) for name in (*_NAMES, "events") if name in there}
    few = [name for name in _NAMES if 0 < sizes.get(name, 0) <= _MOST]
    estate.settle(_HELD, {name: _whole(estate, name) for name in few})
    # Whatever becomes of the events: these are asked from now on, and are not made twice.
    estate.hold(_HELD, few)
    if 0 < sizes.get("events", 0) <= _MOST_EVENTS:
        made = estate.packed(f"{_HELD}_events", {_EVENTS: lambda _: _events(estate)})
        estate.hold(_EVENTS, made[_EVENTS])


def has_host_events(estate: Estate) -> bool:
    """Whether events of a host lie beside each other."""
    return estate.held(_EVENTS) is not None


def host_events(estate: Estate) -> ir.Table:
    """Events, with at least what is told of those of a host."""
    made: ir.Table = estate.held(_EVENTS) if has_host_events(estate) else _with_names(estate)
    return made


def _with_names(estate: Estate) -> ir.Table:
    """Events of findings and of hosts; those of a renamed host with both names."""
    events = estate.table("events")
    renamed = events.event == HostEvent.RENAMED.value
    return events.mutate(names=ibis.cases((renamed, events.before + " became " + events.after)))


def _size(estate: Estate, name: str) -> int:
    rows = estate.table(name).count().as_table()
    return int(Statement.of(rows, estate.backend).fetch()[0][0].as_py())


def _whole(estate: Estate, name: str) -> Callable[[Mapping[str, ir.Table]], ir.Table]:
    return lambda _: estate.table(name)


def _events(estate: Estate) -> ir.Table:
    return _with_names(estate).select(*_TOLD).order_by("host")
