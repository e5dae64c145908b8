"""What changed with the newest run of each connection, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.report.reports import sight
from plumbline.web import places

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    since: str
    """What is compared with; empty when every connection was read for the first time."""
    parts: Sequence[Change]
    first: Sequence[str]
    """Connections that were read for the first time."""


def changes(seen: Seen) -> Changes:
    """What the newest runs found changed since those before them: events, as runs count them."""
    held = sight.shown(seen.estate)
    before = [one[1] for one in held.values() if len(one) > 1]
    found = sight.happened(seen.estate) or []
    runs = {row["run"] for row in found} or {one[0].run for one in held.values()}
    # A finding that changed in several of them is told by its last change alone.
    is_one_each = len(runs) <= len(before)
    asked = f"changed_run:{','.join(map(str, sorted(runs)))}" if is_one_each else ""
    return Changes(
        since=sight.since(before) if before else "",
        parts=[_change(word, n, asked) for word, n in sight.changes(found).items()],
        first=sorted(name for name, one in held.items() if len(one) == 1),
    )


def _change(word: str, number: int, runs: str) -> Change:
    event = f"last_event:{sight.CHANGES[word]}"
    return Change(number, word, places.to("findings", "state:*", event, runs) if runs else "")
