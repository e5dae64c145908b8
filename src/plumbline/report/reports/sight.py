"""What the ledger knows of the runs that an estate shows: their proof, and the runs before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.ledger import evidence, snapshots
from plumbline.posture import explore, filters
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from collections.abc import Container

    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Estate

_OPEN = "state:open,reopened"


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


def changes(estate: Estate) -> dict[str, int] | None:
    """What the runs shown changed since those before them; None where there was none before."""
    runs = ",".join(str(held[0].run) for held in shown(estate).values() if len(held) > 1)
    if not runs:
        return None
    changed = f"changed_run:{runs} -opened_run:{runs}"
    asked = {
        "new": f"{_OPEN} opened_run:{runs}",
        "reopened": f"state:reopened {changed}",
        "fixed": f"state:fixed {changed}",
        "vanished": f"state:vanished {changed}",
    }
    return {
        word: explore.total(RELATIONS["findings"], estate, filters.parse(query))
        for word, query in asked.items()
    }


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
