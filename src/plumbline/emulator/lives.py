"""Reading the chronicle: the life of each finding, told from its notes."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.addresses import Ranges
from plumbline.emulator.chronicle import FIXED, GONE, LEAVINGS, NO_MARK, Kind
from plumbline.emulator.rows import comment_of
from plumbline.emulator.wire import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.emulator.chronicle import Chronicle, Sighted
    from plumbline.emulator.estate import Stock
    from plumbline.emulator.findings import Ints
    from plumbline.emulator.hosts import Host

_COMMENTED = {Kind.ACCEPTED: "accepted", Kind.RECAST: "recast"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened to a finding."""

    kind: Kind
    at: int
    """When, by the console's scans and clock, in epoch seconds."""
    noted: int
    """The day the console stood at when it learned of it: later than `at` for late imports."""
    comment: str = ""
    """The comment of the rule, for accepted and recast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One finding: which it is, how it truly stands, and what happened to it.

    Times are epoch seconds. Fields of the host are as the console writes them. `state` is open,
    reopened (mitigated before), accepted, fixed or gone.
    """

    repository: int
    ip: str
    dns: str
    netbios: str
    mac: str
    uuid: str
    host_uuid: str
    uniqueness: str
    """The fields that identify the host (`hostUniqueness`)."""
    plugin: int
    port: int
    protocol: str
    state: str
    severity: int
    """As recast."""
    accepted: str | None
    """The comment of the rule that accepts it; None if none does."""
    recast: str | None
    hidden: bool
    """Whether the user cannot see it, though it is there."""
    first_seen: int
    last_seen: int
    mitigated_at: int | None
    """When it was last mitigated; None while it stands."""
    gone_at: int | None
    gone: str | None
    """How it left: expired, purged (from the mitigated store), retired or removed."""
    happenings: tuple[Happening, ...] = ()
    """In the order in which the console learned of them."""

    def written(self) -> dict[str, Any]:
        """As one object of JSON."""
        return asdict(self)


def lives(chronicle: Chronicle, stock: Stock, *, happenings: bool = True) -> Iterator[Life]:
    """The life of every finding there ever was, in the order in which they were first noted."""
    told = _happenings(chronicle, stock) if happenings else iter(())
    columns = {name: column.tolist() for name, column in chronicle.columns.items()}
    for number in range(len(chronicle)):
        row = {name: column[number] for name, column in columns.items()}
        host = stock.hosts.items[row["host"]]
        since = row["first"]
        seen = _seen(host, since, chronicle.sights) if happenings else []
        hidden = _hidden(host, chronicle.sights[-1])
        yield _life(row, host, stock, [*next(told, []), *seen], hidden=hidden)


def _life(
    row: dict[str, int], host: Host, stock: Stock, told: list[Happening], *, hidden: bool
) -> Life:
    gone = row["standing"] == GONE
    return Life(
        repository=host.repository.id,
        ip=host.ip,
        dns=host.dns,
        netbios=host.netbios,
        mac=host.mac,
        uuid=host.uuid,
        host_uuid=host.host_uuid,
        uniqueness=host.identity,
        plugin=stock.plugins.items[row["plugin"]].id,
        port=row["port"],
        protocol=PROTOCOLS.get(row["protocol"], str(row["protocol"])),
        state=_state(row),
        severity=row["severity"],
        accepted=_comment(stock, Kind.ACCEPTED, row["accepted"]),
        recast=_comment(stock, Kind.RECAST, row["recast"]),
        hidden=hidden,
        first_seen=row["first"],
        last_seen=row["last"],
        mitigated_at=row["mitigated"] or None,
        gone_at=row["left"] if gone else None,
        gone=LEAVINGS[row["leaving"]].value if gone else None,
        happenings=tuple(sorted(told, key=lambda one: one.noted)),
    )


def _state(row: dict[str, int]) -> str:
    if row["standing"] == GONE:
        return "gone"
    if row["standing"] == FIXED:
        return "fixed"
    if row["accepted"] != NO_MARK:
        return "accepted"
    return "reopened" if row["been"] else "open"


def _comment(stock: Stock, kind: Kind, place: int) -> str | None:
    return None if place == NO_MARK else comment_of(stock, _COMMENTED[kind], place)


def _hidden(host: Host, sight: Sighted) -> bool:
    if host.repository.id in sight.hidden:
        return True
    return bool(sight.ranges) and host.ip not in Ranges(sight.ranges)


def _seen(host: Host, since: int, sights: list[Sighted]) -> list[Happening]:
    """When the user lost sight of a host and had it again."""
    told = []
    for before, after in itertools.pairwise(sights):
        was, now = _hidden(host, before), _hidden(host, after)
        if was != now and after.at >= since:
            kind = Kind.HIDDEN if now else Kind.SHOWN
            told.append(Happening(kind=kind, at=after.at, noted=after.at))
    return told


def _happenings(chronicle: Chronicle, stock: Stock) -> Iterator[list[Happening]]:
    """For each finding, by number, what was noted of it."""
    notes = chronicle.notes
    sizes = [len(note.numbers) for note in notes]
    of_note = np.repeat(np.arange(len(notes)), sizes)
    numbers = np.concatenate([note.numbers for note in notes])
    times: Ints = np.concatenate(
        [np.broadcast_to(note.at, len(note.numbers)) for note in notes]
    ).astype(np.int64)
    order = np.argsort(numbers, kind="stable")
    ends = np.cumsum(np.bincount(numbers, minlength=len(chronicle)))
    start = 0
    for end in ends.tolist():
        places = order[start:end]
        yield [
            _happening(chronicle, stock, place, at)
            for place, at in zip(of_note[places].tolist(), times[places].tolist(), strict=True)
        ]
        start = end


def _happening(chronicle: Chronicle, stock: Stock, place: int, at: int) -> Happening:
    note = chronicle.notes[place]
    name = _COMMENTED.get(note.kind)
    comment = comment_of(stock, name, note.comment) if name else ""
    return Happening(kind=note.kind, at=at, noted=note.noted, comment=comment)
