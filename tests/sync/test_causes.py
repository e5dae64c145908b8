"""What is not published is told with its true cause, and advice that can help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.extract.slices import Slice
from plumbline.lake.staging import Cause, Outcome, Receipt, SliceStage
from plumbline.sync.evidence import disagreement
from plumbline.sync.reading import Gathered, ReadSlice

if TYPE_CHECKING:
    from pathlib import Path


def proof(**more: Any) -> Proof:
    given: dict[str, Any] = {"repository_id": 1, "source": Source.CUMULATIVE, "ours": 4}
    return Proof(**(given | {"severity": Severity.INFO, "console": 2} | more))


def sliced(tmp_path: Path, *told: str | None, **outcome: Any) -> ReadSlice:
    """A slice of rows whose severity could not be read, as it was told."""
    stage = SliceStage(tmp_path / "slice")
    extras = [None if one is None else f'{{"severity": "{one}"}}' for one in told]
    rows = pa.table(
        {"severity": pa.nulls(len(told), pa.int64()), "extra": pa.array(extras, pa.string())}
    )
    receipt = Receipt(number=0, start=0, end=9, rows=9, total=9, received=0, seconds=0.0)
    stage.stage(0, receipt, {"findings": rows})
    given: dict[str, Any] = {"whole": True, "expected": 9, "distinct": 9, "passes": (0,), "rows": 9}
    part = Slice(repository_id=1, source=Source.CUMULATIVE)
    return ReadSlice(part=part, outcome=Outcome(**(given | outcome)), stage=stage)


def test_a_severity_that_no_count_covers_is_told_with_its_values(tmp_path: Path) -> None:
    one = sliced(tmp_path, "9", "9", "-1", None)
    error = disagreement(Gathered(slices=[one], proofs=[proof()]))
    assert "4 rows have a severity that is none of 0 to 4" in error.what
    assert "2 times '9'" in error.what
    assert "none told" in error.what
    assert "sync again" not in (error.advice or "")


@pytest.mark.parametrize(
    ("cause", "advice"),
    [
        (Cause.CHANGED, "when no scan is being imported"),
        (Cause.SHORT, "another sync ends like this one"),
        (Cause.ORDER, "--page-size 0"),
        (Cause.UNTOLD, "without totals"),
    ],
)
def test_advice_fits_the_cause(tmp_path: Path, cause: Cause, advice: str) -> None:
    one = sliced(tmp_path, whole=False, distinct=8, cause=cause, note="so and so")
    error = disagreement(Gathered(slices=[one], proofs=[proof()]))
    assert error.what == (
        "Slice r1-cumulative-all: 8 different findings read, 9 announced; so and so."
    )
    assert advice in (error.advice or "")


def test_counts_that_differ_though_all_was_read_are_told_one_by_one() -> None:
    error = disagreement(Gathered(proofs=[proof(repeated=1)]))
    assert error.what == (
        "Repository 1, cumulative, info: 4 read and 1 told twice, the console counts 2."
    )
    assert "CONTRIBUTING" in (error.advice or "")
