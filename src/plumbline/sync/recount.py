"""The published findings, counted again beside what was proven of the staged ones.

The tables are written and not yet published. A row that was lost or doubled on the way from the
staged parts to the tables shows here, by repository, store and severity.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.errors import IncompleteError
from plumbline.extract.proof import placed
from plumbline.lake.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

_MOST_SENTENCES = 8


def recount(engine: duckdb.DuckDBPyConnection, proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """The proofs with what the tables hold, read from the view `findings`.

    What lies in a repository or store that nothing was proven of gets a proof that disagrees.
    """
    proven: dict[tuple[int, Source], dict[Severity, Proof]] = {}
    for proof in proofs:
        proven.setdefault((proof.repository_id, proof.source), {})[proof.severity] = proof
    written: dict[tuple[int, Source], dict[Severity | None, int]] = {key: {} for key in proven}
    rows = engine.execute(statement("plumbline.sync", "published")).fetchall()
    for repository, source, severity, count in rows:
        # A row without a repository belongs to none that was proven.
        store = (-1 if repository is None else repository, Source(source))
        key = None if severity is None else Severity(severity)
        written.setdefault(store, {})[key] = count
    return tuple(
        one for store, counts in written.items() for one in _of_store(store, proven, counts)
    )


def _of_store(
    store: tuple[int, Source],
    proven: dict[tuple[int, Source], dict[Severity, Proof]],
    counts: dict[Severity | None, int],
) -> Iterator[Proof]:
    proofs = proven.get(store, {})
    published = placed(counts, {severity: proof.ours for severity, proof in proofs.items()})
    for severity in sorted(proofs.keys() | published.keys(), reverse=True):
        proof = proofs.get(severity) or Proof(
            repository_id=store[0], source=store[1], severity=severity, ours=0, console=0
        )
        yield replace(proof, published=published.get(severity, 0))


def recount_files(engine: duckdb.DuckDBPyConnection, proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """The proofs of imported files with what the table holds of what they report.

    Reads the rows of the files, under the keys that they have for good, from the view `file_rows`
    and the table from `findings`. Rows that report the same finding count as repeated.
    """
    rows = engine.execute(statement("plumbline.sync", "published_of_files")).fetchall()
    counts = {tuple(key): (reported, published) for *key, reported, published in rows}
    recounted = []
    for proof in proofs:
        key = (proof.repository_id, proof.source.value, int(proof.severity))
        reported, published = counts.get(key, (0, 0))
        repeated = proof.ours - reported
        recounted.append(replace(proof, ours=reported, repeated=repeated, published=published))
    return tuple(recounted)


def published_difference(
    proofs: Sequence[Proof], written: int, expected: int
) -> IncompleteError | None:
    """Why the tables cannot be published: where they differ from the proof, and by how many."""
    differences = [
        f"Repository {one.repository_id}, {one.source}, {one.severity.word}: "
        f"{one.ours:,} proven, {one.published:,} in the tables."
        for one in proofs
        if one.published is not None and one.published != one.ours
    ]
    if written != expected:
        differences.append(f"All findings: {expected:,} expected, {written:,} in the tables.")
    if not differences:
        return None
    listed = " ".join(differences[:_MOST_SENTENCES])
    more = len(differences) - _MOST_SENTENCES
    return IncompleteError(
        "The tables that were written hold other findings than were proven, so they are not "
        f"published. {listed}{f' And {more} more.' if more > 0 else ''}",
        advice="read everything anew (`plumbline sync --full`, or import the files again); if it "
        "ends like this again, please report it with what `plumbline run show` lists",
        unchanged="the last published snapshot",
    )
