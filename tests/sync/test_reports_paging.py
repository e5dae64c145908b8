"""Rows told twice, and several results of one check at one port: cases of the reports folder."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from blank import settle
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Manners
from plumbline.domain.run import RunState
from plumbline.ledger import connections, evidence, opening
from plumbline.sync.run import Synchroniser
from recordings import DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.sync.run import Report

REPORTS = DATA / "reports"
CASES = REPORTS / "37-duplicates-and-many-ports"
pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not CASES.is_dir(), reason=f"{CASES} is not beside the checkout"),
]


@contextmanager
def served(case: Path) -> Iterator[str]:
    """A console that tells the rows of a case."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(REPORTS / "console.py"), str(port), str(case)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        yield f"http://127.0.0.1:{port}"
        process.kill()


def read(home: Path, url: str, page: int | None, times: int) -> list[Report]:
    """So many runs of one connection."""
    settings = Settings(home=home, engine_threads=1)
    settle(settings.home)
    opening.open_ledger(settings)
    connection = Connection(name="case", address=Address(url=url), manners=Manners(page_size=page))
    connections.add(connection, Keys("access", "secret"))
    try:
        runs = Synchroniser(settings=settings, sleep=lambda _s: None)
        found = [runs.run("case") for _ in range(times)]
        for report in found:
            assert report.error is None, report.error
            assert report.run.state is RunState.COMPLETE
            assert all(proof.agrees for proof in report.proofs)
        odd = {one.kind: one for one in evidence.oddities(found[0].run.number)}
        twice = sum(proof.repeated for proof in found[0].proofs)
        assert (odd["row told more than once"].count if odd else 0) == twice
    finally:
        opening.close()
    return found


@pytest.mark.parametrize("page", [None, 5])
@pytest.mark.parametrize(
    ("case", "ours", "repeated"),
    [("case-b-smallest.py", 20, 1), ("case-c-other-outputs.py", 22, 0), ("case.py", 60_003, 1)],
)
def test_every_row_is_published_and_the_repeated_one_counted(
    tmp_path: Path, case: str, ours: int, repeated: int, page: int | None
) -> None:
    large = case == "case.py"
    if large and page:
        pytest.skip("sixty thousand rows in pages of five take hours")
    with served(CASES / case) as url:
        for report in read(tmp_path, url, page, 1 if large else 3):
            assert sum(proof.ours for proof in report.proofs) == ours
            assert sum(proof.repeated for proof in report.proofs) == repeated
