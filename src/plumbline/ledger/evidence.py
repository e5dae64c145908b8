"""What a run can show for itself: proofs, slices and oddities. Recording again replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import OddityRow, ProofRow, SliceRow
from plumbline.ledger.records import Oddity, Slice
from plumbline.ledger.texts import storable

if TYPE_CHECKING:
    from collections.abc import Iterable

_BATCH = 500
_EXAMPLE = 2_000  # characters; an odd value can be megabytes


@storage_faults()
def record_proofs(run: int, proofs: Iterable[Proof]) -> None:
    """Keep a run's proof per repository, source and severity; replaces an earlier one."""
    rows = [
        ProofRow(
            run_id=run,
            repository=proof.repository_id,
            source=proof.source.value,
            severity=int(proof.severity),
            ours=proof.ours,
            console=proof.console,
            repeated=proof.repeated,
            published=proof.published,
        )
        for proof in proofs
    ]
    with transaction.atomic():
        ProofRow.objects.filter(run_id=run).delete()
        ProofRow.objects.bulk_create(rows, batch_size=_BATCH)


@storage_faults()
def proofs(run: int) -> tuple[Proof, ...]:
    """The proof of a run, by repository, source and falling severity."""
    rows = ProofRow.objects.filter(run_id=run).order_by("repository", "source", "-severity")
    return tuple(
        Proof(
            repository_id=row.repository,
            source=Source(row.source),
            severity=Severity(row.severity),
            ours=row.ours,
            console=row.console,
            repeated=row.repeated,
            published=row.published,
        )
        for row in rows
    )


@storage_faults()
def record_slices(run: int, slices: Iterable[Slice]) -> None:
    """Keep how slices were read; one of the same name replaces what was known of it."""
    # PostgreSQL refuses to replace a row twice in one statement: the last word counts.
    last = {part.name: part for part in slices}
    rows = [
        SliceRow(
            run_id=run,
            name=part.name,
            state=part.state,
            expected=part.expected,
            distinct=part.distinct,
            passes=part.passes,
            note=storable(part.note),
        )
        for part in last.values()
    ]
    SliceRow.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["run", "name"],
        update_fields=["state", "expected", "distinct", "passes", "note"],
    )


@storage_faults()
def slices(run: int) -> tuple[Slice, ...]:
    """The slices of a run in the order they were first recorded."""
    return tuple(
        Slice(
            name=row.name,
            state=row.state,
            expected=row.expected,
            distinct=row.distinct,
            passes=row.passes,
            note=row.note,
        )
        for row in SliceRow.objects.filter(run_id=run).order_by("pk")
    )


@storage_faults()
def record_oddities(run: int, oddities: Iterable[Oddity]) -> None:
    """Keep the odd values a run met; replaces what was recorded before."""
    rows = [
        OddityRow(
            run_id=run,
            kind=oddity.kind,
            count=oddity.count,
            example=storable(oddity.example)[:_EXAMPLE],
        )
        for oddity in oddities
    ]
    with transaction.atomic():
        OddityRow.objects.filter(run_id=run).delete()
        OddityRow.objects.bulk_create(rows, batch_size=_BATCH)


@storage_faults()
def oddities(run: int) -> tuple[Oddity, ...]:
    """The odd values of a run, the most frequent first."""
    rows = OddityRow.objects.filter(run_id=run).order_by("-count", "kind")
    return tuple(Oddity(kind=row.kind, count=row.count, example=row.example) for row in rows)
