"""What changed with the newest run of each connection, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.ledger import snapshots
from plumbline.web import places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from plumbline.web.estates import Seen


@dataclass(frozen=True, slots=True)
class Change:
    """A number of findings and what became of them."""

    number: int
    word: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed."""

    since: datetime | None
    """The older of the runs before; None when every connection was read for the first time."""
    parts: Sequence[Change]
    first: Sequence[str]
    """Connections that were read for the first time."""


def changes(seen: Seen) -> Changes:
    """What the newest runs found changed since those before them."""
    found = {name: snapshots.listing(name) for name in seen.estate.as_of}
    again = {name: held for name, held in found.items() if len(held) > 1}
    runs = ",".join(str(held[0].run) for held in again.values())
    return Changes(
        since=min((held[1].as_of for held in again.values()), default=None),
        parts=[_change(seen, word, *query) for word, *query in _queries(runs)] if runs else (),
        first=sorted(set(found) - set(again)),
    )


def _queries(runs: str) -> tuple[tuple[str, ...], ...]:
    changed = (f"changed_run:{runs}", f"-opened_run:{runs}")
    return (
        ("new", places.OPEN, f"opened_run:{runs}"),
        ("reopened", "state:reopened", *changed),
        ("fixed", "state:fixed", *changed),
        ("vanished", "state:vanished", *changed),
    )


def _change(seen: Seen, word: str, *query: str) -> Change:
    return Change(seen.total("findings", " ".join(query)), word, places.to("findings", *query))
