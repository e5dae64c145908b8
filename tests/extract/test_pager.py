"""Windows cover a result whatever its size; the size of pages follows what the console takes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from plumbline.extract.pager import (
    BODY_BYTES,
    FIRST_SIZE,
    LARGEST,
    OVERLAP,
    SMALLEST,
    Pager,
    PageSize,
    Window,
)


def windows(total: int, size: PageSize, start: int = 0) -> list[Window]:
    pager = Pager(size).from_row(start)
    found = [pager.first()]
    while ahead := pager.after(found[-1], total):
        found.append(ahead)
    return found


@given(total=st.integers(0, 3000), page=st.integers(1, 500), start=st.integers(0, 50))
def test_every_row_lies_in_a_window_and_neighbours_share_one(
    total: int, page: int, start: int
) -> None:
    found = windows(total, PageSize(page), start)
    covered = {row for one in found for row in range(one.start, one.end)}
    assert covered >= set(range(start, total))
    overlap = OVERLAP if page > OVERLAP else 0
    for one, after in pairwise(found):
        assert after.start == one.end - overlap
    assert all(one.end - one.start == page for one in found)
    assert len(found) <= 1 + total // max(1, page - overlap)


def test_without_a_total_there_is_no_next_window() -> None:
    assert Pager(PageSize(10)).after(Window(0, 10), None) is None


def test_all_is_asked_at_once_only_up_to_the_largest_page() -> None:
    assert Pager(PageSize(), at_once=5_000).first() == Window(0, 5_000)
    assert Pager(PageSize(), at_once=50_000).first() == Window(0, LARGEST)
    assert Pager(PageSize(100), at_once=5_000).first() == Window(0, 100)
    assert Pager(PageSize(), at_once=5_000).from_row(10).first() == Window(10, 10 + FIRST_SIZE)


def test_pages_grow_while_rows_cost_less() -> None:
    size = PageSize()
    for seconds in (2.0, 2.2, 2.4, 2.8):
        size.learn(asked=size.rows, rows=size.rows, received=size.rows * 1000, seconds=seconds)
    assert size.rows == LARGEST


def test_pages_stay_when_rows_cost_as_much_as_before() -> None:
    size = PageSize()
    size.learn(asked=1000, rows=1000, received=1_000_000, seconds=1.0)
    size.learn(asked=2000, rows=2000, received=2_000_000, seconds=2.0)
    size.learn(asked=2000, rows=2000, received=2_000_000, seconds=2.0)
    assert size.rows == 2000


def test_pages_of_heavy_rows_stay_small() -> None:
    size = PageSize()
    size.learn(asked=1000, rows=1000, received=1000 * 100_000, seconds=1.0)
    assert size.rows == BODY_BYTES // 100_000
    assert size.rows >= SMALLEST


def test_a_page_that_is_not_full_teaches_nothing() -> None:
    size = PageSize()
    size.learn(asked=1000, rows=3, received=10, seconds=9.0)
    assert size.rows == FIRST_SIZE


@given(st.integers(1, 20_000), st.integers(0, 30))
def test_faults_make_pages_smaller_but_never_nothing(start: int, faults: int) -> None:
    pager = Pager(PageSize(start))
    window = pager.first()
    for _ in range(faults):
        smaller = pager.smaller(window)
        assert smaller.start == window.start
        assert 1 <= smaller.end - smaller.start <= max(1, (window.end - window.start) // 2)
        window = smaller
        if not pager.may_shrink(window):
            break


def test_a_given_size_is_never_exceeded() -> None:
    size = PageSize(200)
    for _ in range(5):
        size.learn(asked=200, rows=200, received=200, seconds=0.001)
    assert size.rows == size.ceiling == 200
