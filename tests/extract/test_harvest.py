"""A slice is whole, or says how many are missing; whatever the console does meanwhile."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from listing import Listing, Meddle, Row, Spoil, row

from plumbline.console.rows import RowDecoder
from plumbline.domain.connection import Scope
from plumbline.domain.finding import Source
from plumbline.errors import IncompleteError, StorageError
from plumbline.extract.columns import Columns
from plumbline.extract.harvest import Harvest
from plumbline.extract.pager import PageSize
from plumbline.extract.pages import PageReader
from plumbline.extract.slices import Asking, Slice
from plumbline.lake.engine import connect
from plumbline.lake.staging import Cause, Outcome, SliceStage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PART = Slice(repository_id=1, source=Source.CUMULATIVE, expected=100)


@contextmanager
def harvest(console: Listing, page: int | None = 20) -> Iterator[Harvest]:
    decoder = RowDecoder()
    with PageReader(console, decoder, PageSize(page)) as reader:
        yield Harvest(
            reader=reader,
            asking=Asking(scope=Scope()),
            columns=Columns("lab", decoder),
            engine=connect(),
        )


def staged(stage: SliceStage, outcome: Outcome) -> list[str]:
    files = stage.files("findings", outcome.passes)
    rows = connect().execute(
        "SELECT DISTINCT ip || ' ' || plugin_id || ' ' || port FROM read_parquet(?) ORDER BY 1",
        [files],
    )
    return [found for (found,) in rows.fetchall()]


def truth(rows: list[Row]) -> list[str]:
    return sorted({f"{r['ip']} {r['pluginID']} {r['port']}" for r in rows})


ROWS = [row(n) for n in range(100)]


def read(
    tmp_path: Path,
    meddle: Meddle = lambda _n, rows: rows,
    spoil: Spoil = lambda _n, answer, _asked: answer,
    page: int | None = 20,
) -> tuple[Outcome, SliceStage, Listing]:
    console = Listing(list(ROWS), meddle=meddle, spoil=spoil)
    stage = SliceStage(tmp_path / "slice")
    with harvest(console, page) as reading:
        ((_, outcome),) = reading.read_all([(PART, stage)])
    return outcome, stage, console


def test_a_quiet_console_is_read_in_one_pass(tmp_path: Path) -> None:
    outcome, stage, console = read(tmp_path)
    assert outcome.whole
    assert (outcome.expected, outcome.distinct, outcome.passes) == (100, 100, (0,))
    assert staged(stage, outcome) == truth(ROWS)
    assert console.windows == [(0, 20), (19, 39), (38, 58), (57, 77), (76, 96), (95, 115)]


def test_pages_grow_when_nothing_forbids_it(tmp_path: Path) -> None:
    outcome, _, console = read(tmp_path, page=None)
    assert outcome.whole
    assert console.windows == [(0, 1000)]


def test_rows_that_vanish_while_paging_make_it_read_again(tmp_path: Path) -> None:
    outcome, stage, _ = read(tmp_path, meddle=lambda n, rows: rows if n < 3 else rows[5:])
    assert outcome.whole
    assert outcome.distinct == 95
    assert staged(stage, outcome) == truth(ROWS[5:])


def test_rows_that_appear_while_paging_make_it_read_again(tmp_path: Path) -> None:
    new = [row(n) for n in range(200, 205)]
    outcome, stage, _ = read(tmp_path, meddle=lambda n, rows: rows if n < 3 else new + rows)
    assert outcome.whole
    assert staged(stage, outcome) == truth(new + ROWS)


def test_one_vanishing_for_one_appearing_is_noticed(tmp_path: Path) -> None:
    def swap(number: int, rows: list[Row]) -> list[Row]:
        return rows if number < 4 else [*rows[1:], row(500)]

    outcome, stage, _ = read(tmp_path, meddle=swap)
    assert outcome.whole
    assert len(outcome.passes) == 1
    assert staged(stage, outcome) == truth([*ROWS[1:], row(500)])


def test_an_order_that_changes_with_each_page_is_read_over_until_whole(tmp_path: Path) -> None:
    def shuffle(number: int, rows: list[Row]) -> list[Row]:
        return random.Random(number).sample(rows, len(rows))  # noqa: S311 - no secret

    outcome, stage, _ = read(tmp_path, meddle=shuffle, page=None)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)


def test_an_order_that_never_settles_is_told_with_what_is_missing(tmp_path: Path) -> None:
    def shuffle(number: int, rows: list[Row]) -> list[Row]:
        return random.Random(number).sample(rows, len(rows))  # noqa: S311 - no secret

    outcome, _, _ = read(tmp_path, meddle=shuffle, page=10)
    assert outcome.whole == (outcome.distinct == 100)
    assert outcome.expected == 100
    assert "order" in outcome.note


def test_a_page_one_row_short_is_missed(tmp_path: Path) -> None:
    def short(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        if number == 2:
            answer["response"]["results"].pop(5)
        return answer

    outcome, stage, _ = read(tmp_path, spoil=short)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)


def test_a_page_that_is_always_short_ends_incomplete_and_says_how_many(tmp_path: Path) -> None:
    def short(_number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        answer["response"]["results"] = answer["response"]["results"][1:]
        return answer

    outcome, _, _ = read(tmp_path, spoil=short, page=None)
    assert not outcome.whole
    assert (outcome.expected, outcome.distinct) == (100, 99)


def test_a_row_too_many_and_a_float_count_lose_nothing(tmp_path: Path) -> None:
    def extra(_number: int, answer: dict[str, Any], asked: int) -> dict[str, Any]:
        response = answer["response"]
        start = int(response["startOffset"])
        response["results"] = ROWS[start : start + asked + 1]
        response["returnedRecords"] = asked + 0.05
        return answer

    outcome, stage, _ = read(tmp_path, spoil=extra)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)


def test_rows_given_twice_are_counted_once(tmp_path: Path) -> None:
    def twice(_number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        answer["response"]["results"] += answer["response"]["results"][:3]
        return answer

    outcome, _, _ = read(tmp_path, spoil=twice)
    assert outcome.whole
    assert (outcome.distinct, outcome.rows) == (100, 123)


def test_a_total_that_moves_by_itself_is_no_proof(tmp_path: Path) -> None:
    def moving(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        answer["response"]["totalRecords"] = str(100 + number)
        return answer

    outcome, _, _ = read(tmp_path, spoil=moving)
    assert not outcome.whole
    assert outcome.distinct == 100


def test_an_empty_page_without_a_total_is_asked_for_again(tmp_path: Path) -> None:
    def empty(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        return {"type": "regular", "response": {"results": []}} if number == 3 else answer

    outcome, stage, _ = read(tmp_path, spoil=empty)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)


def test_empty_pages_without_end_end_the_run(tmp_path: Path) -> None:
    def empty(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        return {"type": "regular", "response": {"results": []}} if number > 2 else answer

    with pytest.raises(IncompleteError, match="Rows 38 to 58"):
        read(tmp_path, spoil=empty)


def test_an_answer_cut_off_is_asked_for_again(tmp_path: Path) -> None:
    def cut(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any] | bytes:
        return b'{"type":"regular","response":{"totalRec' if number == 2 else answer

    outcome, stage, _ = read(tmp_path, spoil=cut)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)


@drawn(stop=st.integers(1, 5))
@settings(max_examples=10, deadline=None)
def test_a_stopped_reading_goes_on_behind_the_last_staged_page(
    tmp_path_factory: pytest.TempPathFactory, stop: int
) -> None:
    tmp_path = tmp_path_factory.mktemp("resume")

    class Stop(Exception):  # noqa: N818 - as a kill would
        pass

    def halt(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        if number > stop:
            raise Stop
        return answer

    with pytest.raises(Stop):
        read(tmp_path, spoil=halt)
    outcome, stage, console = read(tmp_path)
    assert outcome.whole
    assert staged(stage, outcome) == truth(ROWS)
    assert len(console.windows) <= 7 - stop


def test_a_full_disk_is_told_and_leaves_no_receipt(tmp_path: Path) -> None:
    folder = tmp_path / "slice"
    folder.write_text("a file where the folder should be")
    expected = pytest.raises(StorageError, match="cannot be written")
    with expected, harvest(Listing(list(ROWS))) as reading:
        list(reading.read_all([(PART, SliceStage(folder))]))


def test_the_next_slice_is_asked_for_while_the_last_page_of_this_one_is_read(
    tmp_path: Path,
) -> None:
    other = Slice(repository_id=2, source=Source.PATCHED, expected=100)
    console = Listing(list(ROWS))
    with harvest(console, 60) as reading:
        parts = [(PART, SliceStage(tmp_path / "a")), (other, SliceStage(tmp_path / "b"))]
        found = dict(reading.read_all(parts))
    assert [outcome.whole for outcome in found.values()] == [True, True]
    assert list(found) == [PART, other]
    assert console.windows == [(0, 60), (59, 119), (0, 60), (59, 119)]


def given(
    tmp_path: Path, rows: list[Row], spoil: Spoil = lambda _n, answer, _asked: answer
) -> tuple[Outcome, Listing]:
    console = Listing(rows, spoil=spoil)
    with harvest(console, None) as reading:
        ((_, outcome),) = reading.read_all([(PART, SliceStage(tmp_path / "slice"))])
    return outcome, console


def test_a_row_told_twice_for_good_is_read_again_and_then_counted(tmp_path: Path) -> None:
    outcome, console = given(tmp_path, [*ROWS, ROWS[3]])
    assert outcome.whole
    assert (outcome.expected, outcome.distinct, outcome.repeated) == (101, 100, 1)
    assert len(console.windows) == 2


def test_rows_of_one_key_with_several_severities_are_all_kept(tmp_path: Path) -> None:
    other = {**ROWS[3], "severity": {"id": "0", "name": "", "description": ""}}
    outcome, _ = given(tmp_path, [*ROWS, other])
    assert outcome.whole
    assert (outcome.distinct, outcome.repeated) == (101, 0)


def test_a_row_told_in_the_place_of_another_is_no_repeat(tmp_path: Path) -> None:
    def instead(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        rows = answer["response"]["results"]
        rows[number % 2] = rows[50]
        return answer

    outcome, _ = given(tmp_path, ROWS, instead)
    assert outcome.whole
    assert (outcome.distinct, outcome.repeated) == (100, 0)


def test_one_page_that_is_short_is_never_said_to_have_changed_its_order(tmp_path: Path) -> None:
    def short(_number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        answer["response"]["results"].pop()
        return answer

    outcome, _ = given(tmp_path, ROWS, short)
    assert outcome.cause is Cause.SHORT
    assert "fewer rows than it announced" in outcome.note


def test_totals_that_move_are_told_as_they_were(tmp_path: Path) -> None:
    def moving(number: int, answer: dict[str, Any], _asked: int) -> dict[str, Any]:
        answer["response"]["totalRecords"] = str(100 + number)
        return answer

    outcome, _, _ = read(tmp_path, spoil=moving)
    assert outcome.cause is Cause.CHANGED
    assert "told 101 to 1" in outcome.note
