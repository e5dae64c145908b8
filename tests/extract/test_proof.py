"""What was staged is counted beside the console's own counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st
from pages_of import Reading, row

from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.extract.proof import count_repeats, count_staged, find_repeats, prove
from plumbline.lake.engine import connect

if TYPE_CHECKING:
    from pathlib import Path

Ours = dict[tuple[int, Source], dict[Severity | None, int]]
NOTHING = dict.fromkeys(Severity, 0)
COUNTS = st.fixed_dictionaries({severity: st.integers(0, 5) for severity in Severity})


def staged(tmp_path: Path, *rows: Any, source: Source = Source.CUMULATIVE) -> str:
    path = str(tmp_path / f"{source}.parquet")
    pq.write_table(Reading().read(list(rows), source).findings, path)
    return path


def test_distinct_findings_are_counted_by_repository_store_and_severity(tmp_path: Path) -> None:
    other = {"repository": {"id": "2"}}
    files = [
        staged(tmp_path, row(1), row(1), row(6), row(2, **other)),
        staged(tmp_path, row(1), source=Source.PATCHED),
    ]
    assert count_staged(connect(), files) == {
        (1, Source.CUMULATIVE): {Severity.LOW: 2},
        (2, Source.CUMULATIVE): {Severity.MEDIUM: 1},
        (1, Source.PATCHED): {Severity.LOW: 1},
    }


def test_nothing_staged_counts_nothing() -> None:
    assert count_staged(connect(), []) == {}


@given(ours=COUNTS, theirs=COUNTS)
def test_a_proof_agrees_exactly_when_the_counts_do(
    ours: dict[Severity | None, int], theirs: dict[Severity, int]
) -> None:
    proofs = list(prove(1, {Source.CUMULATIVE: theirs}, {(1, Source.CUMULATIVE): ours}))
    assert {p.severity: (p.ours, p.console) for p in proofs} == {
        severity: (ours[severity], theirs[severity]) for severity in Severity
    }
    assert all(proof.agrees for proof in proofs) == (ours == theirs)


def test_a_store_without_a_finding_is_proven_too() -> None:
    proofs = list(prove(1, {Source.PATCHED: NOTHING}, {}))
    assert len(proofs) == len(Severity)
    assert all(proof.agrees for proof in proofs)


def test_another_repository_does_not_count() -> None:
    ours: Ours = {(2, Source.CUMULATIVE): {Severity.HIGH: 1}}
    theirs = {Source.CUMULATIVE: NOTHING | {Severity.HIGH: 1}}
    assert not all(proof.agrees for proof in prove(1, theirs, ours))


def test_an_unreadable_severity_counts_where_exactly_it_is_missing(tmp_path: Path) -> None:
    files = [staged(tmp_path, row(1), row(2, severity={"id": "dire"}), row(3))]
    ours = count_staged(connect(), files)
    assert ours[1, Source.CUMULATIVE][None] == 1
    missing_one = NOTHING | {Severity.LOW: 1, Severity.CRITICAL: 1, Severity.HIGH: 1}
    assert all(proof.agrees for proof in prove(1, {Source.CUMULATIVE: missing_one}, ours))
    missing_two = missing_one | {Severity.CRITICAL: 2}
    assert not all(proof.agrees for proof in prove(1, {Source.CUMULATIVE: missing_two}, ours))
    none_missing = NOTHING | {Severity.LOW: 1, Severity.HIGH: 1}
    assert not all(proof.agrees for proof in prove(1, {Source.CUMULATIVE: none_missing}, ours))


def test_rows_that_one_answer_repeats_make_up_what_the_console_counts(tmp_path: Path) -> None:
    files = [staged(tmp_path, row(1), row(1), row(1), row(3), row(6))]
    repeats = find_repeats(connect(), files)
    assert [(one.severity, one.times, one.place) for one in repeats] == [
        (Severity.LOW, 2, "plugin 10001 on 10.0.0.1")
    ]
    theirs = {Source.CUMULATIVE: NOTHING | {Severity.LOW: 4, Severity.HIGH: 1}}
    proofs = list(prove(1, theirs, count_staged(connect(), files), count_repeats(repeats)))
    assert all(proof.agrees for proof in proofs)
    assert {proof.severity: proof.repeated for proof in proofs}[Severity.LOW] == 2
    assert not all(one.agrees for one in prove(1, theirs, count_staged(connect(), files)))
