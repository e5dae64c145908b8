"""What is staged is whole or not there, and what is forgotten is gone at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from plumbline.errors import StorageError
from plumbline.lake.staging import Outcome, Receipt, SliceStage, Staging

if TYPE_CHECKING:
    from pathlib import Path

ROWS = pa.table({"finding": ["a", "b"]})
NO_ROWS = ROWS.slice(0, 0)


def receipt(number: int) -> Receipt:
    return Receipt(
        number=number,
        start=0,
        end=10,
        rows=2,
        total=2,
        received=9,
        seconds=0.1,
        odd={"field port": 1},
    )


def whole(distinct: int = 2) -> Outcome:
    return Outcome(whole=True, expected=2, distinct=distinct, passes=(0,), rows=2)


@pytest.fixture
def staging(tmp_path: Path) -> Staging:
    return Staging(tmp_path / "staging" / "lab")


@pytest.fixture
def stage(staging: Staging) -> SliceStage:
    return staging.slice("r1-cumulative-all")


def test_a_page_comes_back_with_its_receipt_and_parts(stage: SliceStage) -> None:
    sealed = stage.stage(0, receipt(0), {"findings": ROWS, "aliases": NO_ROWS})
    assert stage.receipts(0) == [sealed]
    assert set(sealed.parts) == {"findings"}
    [file] = stage.files("findings", (0,))
    assert pq.read_table(file).equals(ROWS)
    assert stage.files("aliases", (0,)) == []


def test_pages_come_back_in_the_order_in_which_they_were_read(stage: SliceStage) -> None:
    for number in range(12):
        stage.stage(0, receipt(number), {"findings": ROWS})
    assert [one.number for one in stage.receipts(0)] == list(range(12))
    assert stage.files("findings", (0,)) == sorted(stage.files("findings", (0,)))


def test_a_part_without_a_receipt_is_no_page(stage: SliceStage) -> None:
    stage.stage(0, receipt(0), {"findings": ROWS})
    stage.stage(0, receipt(1), {"findings": ROWS})
    (stage.folder / "pass-00" / "000001.json").unlink()
    assert len(stage.receipts(0)) == 1
    assert len(stage.files("findings", (0,))) == 1


@pytest.mark.parametrize("broken", [b"", b"{", b'{"number": 0}', b"\xff\xfe"])
def test_a_broken_receipt_ends_the_pages_before_it(stage: SliceStage, broken: bytes) -> None:
    for number in range(3):
        stage.stage(0, receipt(number), {"findings": ROWS})
    (stage.folder / "pass-00" / "000001.json").write_bytes(broken)
    assert [one.number for one in stage.receipts(0)] == [0]


def test_a_missing_receipt_ends_the_pages_before_it(stage: SliceStage) -> None:
    for number in range(3):
        stage.stage(0, receipt(number), {"findings": ROWS})
    (stage.folder / "pass-00" / "000000.json").unlink()
    assert stage.receipts(0) == []


def test_passes_are_apart(stage: SliceStage) -> None:
    assert stage.passes() == 0
    stage.stage(0, receipt(0), {"findings": ROWS})
    stage.stage(1, receipt(0), {"findings": ROWS})
    assert stage.passes() == 2
    assert len(stage.files("findings", (0, 1))) == 2
    assert len(stage.files("findings", (1,))) == 1


def test_how_a_slice_ended_comes_back(stage: SliceStage) -> None:
    assert stage.outcome is None
    stage.close(whole())
    assert stage.outcome == whole()


def test_plugins_and_outputs_stay_when_a_slice_is_read_again(
    staging: Staging, stage: SliceStage
) -> None:
    stage.stage(0, receipt(0), {"findings": ROWS, "plugins": ROWS})
    stage.discard()
    other = staging.slice("r2-cumulative-all")
    other.stage(0, receipt(0), {"plugins": ROWS, "outputs": NO_ROWS})
    assert len(staging.shared("plugins")) == 2
    assert staging.shared("plugins") == sorted(staging.shared("plugins"))
    assert staging.shared("outputs") == []


def test_what_is_forgotten_is_gone_and_leaves_nothing(staging: Staging, stage: SliceStage) -> None:
    stage.stage(0, receipt(0), {"findings": ROWS})
    stage.close(whole())
    stage.discard()
    assert (stage.outcome, stage.passes(), stage.receipts(0)) == (None, 0, [])
    staging.keep_plan(b"plan")
    staging.discard()
    assert staging.plan() is None
    assert list(staging.folder.parent.iterdir()) == []


def test_forgetting_what_is_not_there_is_no_fault(staging: Staging, stage: SliceStage) -> None:
    stage.discard()
    staging.discard()


def test_what_another_process_could_not_remove_any_more_is_removed_later(staging: Staging) -> None:
    left = staging.folder.parent / f".gone-{staging.folder.name}-1"
    left.mkdir(parents=True)
    (left / "000000.json").write_bytes(b"{}")
    staging.keep_plan(b"plan")
    staging.discard()
    assert not left.exists()


def test_slices_are_found_by_repository(staging: Staging) -> None:
    for name in ("r1-cumulative-all", "r1-patched-all", "r12-cumulative-all"):
        staging.slice(name).close(whole())
    staging.keep_plan(b"plan")
    assert [one.folder.name for one in staging.slices("r1-")] == [
        "r1-cumulative-all",
        "r1-patched-all",
    ]


def test_the_plan_comes_back(staging: Staging) -> None:
    assert staging.plan() is None
    staging.keep_plan(b"one")
    staging.keep_plan(b"two")
    assert staging.plan() == b"two"


def test_a_disk_that_refuses_is_told_in_words_and_nothing_half_stays(tmp_path: Path) -> None:
    stage = SliceStage(tmp_path / "slice")
    stage.stage(0, receipt(0), {"findings": ROWS})
    (stage.folder / "pass-00" / "000001.json").mkdir()
    with pytest.raises(StorageError, match="cannot be written") as caught:
        stage.stage(0, receipt(1), {"findings": ROWS})
    assert caught.value.advice
    assert "published snapshot" in caught.value.unchanged
    assert not list((stage.folder / "pass-00").glob("*.tmp"))
