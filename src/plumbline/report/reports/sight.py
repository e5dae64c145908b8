"""What the ledger knows of the runs that an estate shows: their proof, and the runs before."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Event
from plumbline.ledger import evidence, snapshots
from plumbline.posture import changes as posture_changes

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate

CHANGES = {
    "new": Event.OPENED.value,
    "reopened": Event.REOPENED.value,
    "fixed": Event.FIXED.value,
    "vanished": Event.VANISHED.value,
}
"""Each word of a change with the event it counts; see docs/lifecycle.md."""
_NAMED = 3


def shown(estate: Estate) -> dict[str, tuple[Snapshot, ...]]:
    """For each connection the snapshot it is shown as, then those before it, the newest first."""
    return {name: _until(snapshots.listing(name), at) for name, at in estate.as_of.items()}


def before(estate: Estate) -> tuple[Snapshot, ...]:
    """The snapshot before the one that is shown, of every connection; none where one has none."""
    held = shown(estate).values()
    return tuple(one[1] for one in held) if all(len(one) > 1 for one in held) else ()


def proofs(estate: Estate, partly: Container[str] = ()) -> list[dict[str, Any]]:
    """How each connection was proven; of those seen partly whether it was, but no totals."""
    found = [_proof(name, at, held) for (name, held), at in _with_moments(estate)]
    hidden = {"totals": None, "agreeing": None}
    return [one | hidden if one["connection"] in partly else one for one in found]


def happened(estate: Estate) -> list[dict[str, Any]] | None:
    """How often each event was noted since the runs before; None where there was none before."""
    held = {name: one for name, one in shown(estate).items() if len(one) > 1}
    if not held:
        return None
    spans = {name: (one[1].run, one[0].run) for name, one in held.items()}
    return list(posture_changes.happened(estate, spans).fetch().to_pylist())


def changes(found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The same in the words of a sentence, all connections together."""
    return {
        word: sum(row["findings"] for row in found if row["event"] == event)
        for word, event in CHANGES.items()
    }


def since(before: Sequence[Snapshot]) -> str:
    """What numbers are compared with, by run and day: the base that is written on a page."""
    if len(before) == 1:
        return f"run {before[0].run}, {_day(before[0])}"
    if len(before) > _NAMED:
        oldest = min(before, key=lambda one: one.as_of)
        return f"the runs before of {len(before)} connections, from {_day(oldest)} on"
    return " and ".join(f"run {one.run} of {one.connection}, {_day(one)}" for one in before)


def since_shortly(before: Sequence[Snapshot]) -> str:
    """The same where there is room for a few words."""
    one = before[0] if len(before) == 1 else None
    return f"run {one.run}, {one.as_of.astimezone(UTC):%-d %b}" if one else "the runs before"


def _day(one: Snapshot) -> str:
    return f"{one.as_of.astimezone(UTC):%-d %b %Y}"


def _until(held: tuple[Snapshot, ...], at: Any) -> tuple[Snapshot, ...]:
    return tuple(one for one in held if one.as_of <= at)


def _with_moments(estate: Estate) -> Any:
    return zip(shown(estate).items(), estate.as_of.values(), strict=True)


def _proof(name: str, at: Any, held: tuple[Snapshot, ...]) -> dict[str, Any]:
    run = held[0] if held and held[0].as_of == at else None
    found = evidence.proofs(run.run) if run else ()
    return {
        "connection": name,
        "as_of": at,
        "run": run.run if run else None,
        "state": run.state.value if run else None,
        "totals": len(found),
        "agreeing": sum(proof.agrees for proof in found),
        "before": held[1].as_of if len(held) > 1 else None,
    }
