"""The queue's file: who counts what is under way and then claims a turn does both alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy import text

from plumbline.jobs import reach

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = text("SELECT count(*) FROM turns")
CLAIM = text("INSERT INTO turns VALUES (1)")


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[list[sqlalchemy.Engine]]:
    """Two workers' ways to one file."""
    found = [reach.file_engine(tmp_path / "queue.sqlite3") for _ in range(2)]
    with found[0].begin() as line:
        line.execute(text("CREATE TABLE turns (number INTEGER)"))
    yield found
    for one in found:
        one.dispose()


def test_two_who_look_at_the_same_time_do_not_exceed_a_cap_together(
    workers: list[sqlalchemy.Engine],
) -> None:
    looking = threading.Barrier(2)
    seen = []

    def take(worker: sqlalchemy.Engine) -> None:
        looking.wait(30)
        for _ in range(20):
            with worker.begin() as line:
                found = line.execute(COUNT).scalar()
                if found is not None and found < 1:
                    line.execute(CLAIM)
                    seen.append(found)

    threads = [threading.Thread(target=take, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert seen == [0]


def test_a_transaction_has_the_file_to_itself_from_its_first_statement(
    workers: list[sqlalchemy.Engine],
) -> None:
    one, other = workers
    counted = threading.Event()
    with one.begin() as line:
        assert line.execute(COUNT).scalar() == 0

        def count() -> None:
            with other.begin() as later:
                assert later.execute(COUNT).scalar() == 1
            counted.set()

        thread = threading.Thread(target=count)
        thread.start()
        assert not counted.wait(0.3)
        line.execute(CLAIM)
    thread.join(30)
    assert counted.is_set()


def test_who_begins_by_a_statement_has_begun_already(workers: list[sqlalchemy.Engine]) -> None:
    with workers[0].begin() as line:
        line.execute(text("BEGIN IMMEDIATE"))
        line.execute(CLAIM)
    with workers[1].begin() as line:
        assert line.execute(COUNT).scalar() == 1
