"""What a run can show for itself, in the ledger's form; and how counts that differ are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.proof import Proof
from plumbline.errors import IncompleteError
from plumbline.ledger import evidence
from plumbline.ledger.records import Oddity, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plumbline.sync.memory import Memory
    from plumbline.sync.plan import Plan
    from plumbline.sync.reading import Gathered, ReadSlice

_MOST_SENTENCES = 8


def record(run: int, gathered: Gathered, proofs: Iterable[Proof]) -> None:
    """Keep proofs, slices and oddities of a run.

    Raises:
        StorageError: the database refused.
    """
    evidence.record_proofs(run, proofs)
    evidence.record_slices(run, map(_slice, gathered.slices))
    listed = gathered.odd.listed()
    evidence.record_oddities(run, (Oddity(kind=k, count=n, example=e) for k, n, e in listed))


def standing(plan: Plan, memory: Memory | None) -> Iterator[Proof]:
    """The proof of repositories that were not read: what was agreed still stands."""
    known = ((one.id, memory.of(one.id)) for one in plan.kept) if memory else ()
    for number, found in known:
        for source, by_severity in found.typed.items() if found else ():
            for severity, count in by_severity.items():
                yield Proof(
                    repository_id=number,
                    source=source,
                    severity=severity,
                    ours=count,
                    console=count,
                )


def disagreement(gathered: Gathered) -> IncompleteError:
    """Why what was read is not published: where the counts differ, and by how much."""
    found = [*_differing_counts(gathered), *_broken_slices(gathered)]
    more = len(found) - _MOST_SENTENCES
    told = [*found[:_MOST_SENTENCES], *([f"And {more} more."] if more > 0 else [])]
    return IncompleteError(
        " ".join(told),
        advice="sync again when no scan is being imported; the console changed while it was "
        "read, or gives other totals than rows",
        unchanged="the last published snapshot",
    )


def _differing_counts(gathered: Gathered) -> Iterator[str]:
    for proof in gathered.proofs:
        if not proof.agrees:
            yield (
                f"Repository {proof.repository_id}, {proof.source}, {proof.severity.word}: "
                f"{proof.ours} read, the console counts {proof.console}."
            )


def _broken_slices(gathered: Gathered) -> Iterator[str]:
    for one in gathered.slices:
        if not one.outcome.whole:
            yield (
                f"Slice {one.part.name}: {one.outcome.distinct} different findings read, "
                f"{one.outcome.expected} announced; {one.outcome.note}."
            )


def _slice(one: ReadSlice) -> Slice:
    return Slice(
        name=one.part.name,
        state="whole" if one.outcome.whole else "incomplete",
        expected=one.outcome.expected,
        distinct=one.outcome.distinct,
        passes=len(one.outcome.passes),
        note=one.outcome.note,
    )
