"""What was answered as of a run is answered for ever, whatever happens afterwards."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from deltalake import DeltaTable

from plumbline.cli import session
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.run import RunMode, RunState
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.errors import UsageError
from plumbline.ledger import connections, runs, snapshots
from plumbline.ledger.models import SnapshotRow
from plumbline.posture import changes, explore, filters, questions
from plumbline.posture.relations import RELATIONS
from plumbline.report.formats import Format, writer
from plumbline.report.interface import Screen, Sheet
from plumbline.sync import upkeep
from plumbline.sync.run import Synchroniser
from plumbline.tables import FINDINGS, TABLES
from rounds import SOAK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from lab import Lab, MakeLab

    from plumbline.ledger.records import Snapshot
    from plumbline.posture.engine import Statement
    from plumbline.posture.questions.interface import Question
    from plumbline.posture.relation import Heading

    Ask = Callable[[Lab, str | None], dict[str, bytes]]

pytestmark = pytest.mark.network

NOW_GONE = timedelta(days=5)
"""Beyond the grace."""
THURSDAY = datetime(2035, 5, 17, 12, tzinfo=UTC)
"""No week or month ends in the days before it, so that of these the last alone is kept."""


def written(name: str, columns: tuple[Heading, ...], answer: Statement) -> bytes:
    sheet = Sheet(name=name, columns=columns, schema=answer.schema, batches=answer.stream())
    out = io.BytesIO()
    writer(Format.JSON, Screen())(sheet, out)
    return out.getvalue()


def _told(question: Question, given: dict[str, list[str]]) -> list[str]:
    """What the question has to be told, by the name of the first thing."""
    first = next((one.name for one in question.parameters if one.default is None), None)
    return given[first] if first else []


def answers(lab: Lab, as_of: str | None) -> dict[str, bytes]:
    """Every question, every explorer with all its fields, and every row of every table."""
    estate = session.estate(lab.settings, session.seen(as_of))
    host = estate.table("hosts").order_by("console", "host").limit(1).to_pyarrow().to_pylist()[0]
    plugin = estate.table("plugins").plugin_id.min().to_pyarrow().as_py()
    finding = estate.table("findings").finding.min().to_pyarrow().as_py()
    listed = estate.table("asset_lists").order_by("console", "list_id").limit(1).to_pyarrow()
    one_list = [str(listed[name][0]) for name in ("console", "list_id")]
    given = {"host": [host["host"]], "id": [str(plugin)], "finding": [finding], "console": one_list}
    found = {
        f"ask {name}": written(
            name,
            question.columns_of(estate),
            questions.ask(estate, name, _told(question, given)),
        )
        for name, question in questions.QUESTIONS.items()
    }
    for relation in RELATIONS.values():
        every = explore.Request(columns=tuple(field.name for field in relation.fields))
        columns = tuple(field.heading for field in relation.fields)
        found[relation.name] = written(
            relation.name, columns, explore.rows(relation, estate, every)
        )
    return found | tables(lab, as_of)


def tables(lab: Lab, as_of: str | None) -> dict[str, bytes]:
    """Every row of every table, from which all else is answered."""
    estate = session.estate(lab.settings, session.seen(as_of))
    found = {}
    for table in TABLES:
        rows = map(str, estate.table(table.name).to_pyarrow().to_pylist())
        found[f"table {table.name}"] = "\n".join(sorted(rows)).encode()
    return found


ANSWERS = answers if SOAK else tables
"""Where answers were compared before, `make test` compares the tables that they are made of."""


@pytest.fixture
def other() -> Iterator[Emulator]:
    emulator = Emulator(Estate.generated(hosts=3, seed=8), http=True)
    emulator.start()
    yield emulator
    emulator.stop()


def add(name: str, emulator: Emulator) -> None:
    connection = Connection(name=name, address=Address(url=emulator.url))
    connections.add(connection, Keys(emulator.access_key, emulator.secret_key))


def sync(lab: Lab, name: str) -> int:
    report = Synchroniser(settings=lab.settings, sleep=lambda _s: None).run(name)
    return report.run.number


@pytest.mark.timeout(900)
def test_every_answer_stays_as_it_was(make_lab: MakeLab, other: Emulator) -> None:
    lab = make_lab(estate=Estate.generated(hosts=4, seed=5, findings_per_host=15))
    told: dict[int, tuple[Ask, dict[str, bytes]]] = {}

    def note(number: int, ask: Ask) -> None:
        told[number] = ask, ask(lab, None)

    note(lab.sync().run.number, answers)
    lab.emulator.estate.evolve(1)
    lab.sync()
    add("south", other)
    sync(lab, "south")
    lab.emulator.estate.evolve(1)
    lab.change(families=(), look_back_days=400)
    note(lab.sync().run.number, tables)
    lab.emulator.stop()
    failed = lab.sync().run
    assert failed.state is RunState.FAILED
    other.estate.evolve(1)
    sync(lab, "south")
    last = sync(lab, "south")
    note(last, ANSWERS)
    assert upkeep.compact(lab.settings)[0]
    upkeep.vacuum(lab.settings, now=datetime.now(UTC) + NOW_GONE)
    note(sync(lab, "south"), tables)
    # A run that failed changed nothing: what readers saw after it is what they saw before.
    assert session.seen(str(failed.number)) == session.seen(str(failed.number - 1))
    for number, (ask, before) in told.items():
        now = ask(lab, str(number))
        assert [name for name in before if now[name] != before[name]] == [], number
    newest = {s.connection: s for s in snapshots.latest_all()}["south"]
    assert len(newest.tables["facts"].files) == 2  # what was joined, and what came since


def test_a_date_means_what_readers_saw_at_its_end(make_lab: MakeLab) -> None:
    lab = make_lab()
    first = lab.sync().run.number
    before = ANSWERS(lab, None)
    published_on(first, datetime(2026, 3, 1, 12, tzinfo=UTC))
    lab.emulator.estate.evolve(1)
    second = lab.sync().run.number
    published_on(second, datetime(2026, 3, 3, 12, tzinfo=UTC))
    for date in ("2026-03-01", "2026-03-02", "2026-03-03T11:59", "2026-03-03T13:00+02:00"):
        assert [s.run for s in session.seen(date)] == [first]
    assert ANSWERS(lab, "2026-03-02") == before
    for date in ("2026-03-03", "2026-03-03T12:00", datetime.now(UTC).date().isoformat()):
        assert [s.run for s in session.seen(date)] == [second]


def published_on(number: int, moment: datetime) -> None:
    """As if a run had been published then."""
    assert SnapshotRow.objects.filter(pk=number).update(published=moment)


def readable(lab: Lab, snapshot: Snapshot) -> bool:
    files = [lab.settings.lake / f for pin in snapshot.tables.values() for f in pin.files]
    return all(file.is_file() for file in files)


def lake_files(lab: Lab) -> set[Path]:
    return set(lab.settings.lake.rglob("*.parquet"))


def chain(lab: Lab, days: int, now: datetime) -> list[int]:
    """A run a day, the last of them now."""
    numbers = []
    for day in reversed(range(days)):
        numbers.append(lab.sync().run.number)
        published_on(numbers[-1], now - timedelta(days=day))
        lab.emulator.estate.evolve(1)
    return numbers


def test_snapshots_are_given_up_by_age_and_their_files_go_later(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.generated(hosts=2, seed=5, findings_per_host=8))
    now = THURSDAY
    numbers = chain(lab, 4, now)
    files = lake_files(lab)
    removed = upkeep.vacuum(lab.settings, dry_run=True, now=now + timedelta(days=40))
    assert len(snapshots.listing("lab")) == 4
    assert removed.forgotten
    later = now + timedelta(days=40)
    removed = upkeep.vacuum(lab.settings, now=later)
    gone = {one.run for one in removed.forgotten}
    kept = {snapshot.run for snapshot in snapshots.listing("lab")}
    assert (gone, kept) == (set(numbers[:-1]), {numbers[-1]})
    # Who reads one of them now can finish.
    assert lake_files(lab) == files
    upkeep.vacuum(lab.settings, now=later + timedelta(hours=lab.settings.vacuum_grace_hours + 1))
    assert lake_files(lab) < files
    pinned = {
        lab.settings.lake / file
        for snapshot in snapshots.listing("lab")
        for pin in snapshot.tables.values()
        for file in pin.files
    }
    assert pinned <= lake_files(lab)
    assert all(readable(lab, snapshot) for snapshot in snapshots.listing("lab"))
    lost = min(gone)
    with pytest.raises(UsageError, match=f"after run {lost} is no longer kept") as caught:
        session.seen(str(lost))
    assert f"run {max(numbers)} (published 2035-05-17)" in caught.value.advice
    # The connection goes on as if nothing had happened, and other engines still read it.
    assert lab.sync().run.state is RunState.COMPLETE
    for table in TABLES:
        folder = lab.settings.lake / "lab" / table.name
        assert (
            DeltaTable(str(folder)).to_pyarrow_table().num_rows
            == lab.ask(f"SELECT count(*) FROM {table.name}")[0][0]  # noqa: S608 - our own table
        )


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.ledger.opening import open_ledger
from plumbline.sync import upkeep
settings = Settings(home=Path(sys.argv[1]), vacuum_grace_hours=0)
open_ledger(settings)
left = int(sys.argv[3])
def gone(_one):
    global left
    left -= 1
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
upkeep.vacuum(settings, now=datetime.fromisoformat(sys.argv[2]), gone=gone)
"""


def test_a_difference_of_neighbours_is_what_the_run_counted(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.generated(hosts=6, seed=5, findings_per_host=20))
    lab.sync()
    for _ in range(2):
        lab.emulator.estate.evolve(3)
        counts = lab.sync().run.counts
        last, first = snapshots.listing("lab")[:2]
        held = {changes.EARLIER: (FINDINGS, first.tables["findings"].files)}
        estate = session.estate(lab.settings, [last], held)
        told = {
            row["change"]: row
            for row in changes.totals(estate, first.run, last.run).fetch().to_pylist()
        }
        assert all(row["findings"] == row["events"] for row in told.values())
        for name, counted in (("opened", "new"), ("fixed", "fixed"), ("vanished", "vanished")):
            assert told[name]["findings"] == counts[counted]
        again = filters.parse("change:reopened")
        assert explore.total(changes.CHANGES, estate, again) == counts["reopened"]
        assert counts["new"]


class Stopped(BaseException):
    """What takes the vacuum away between two files."""


def test_a_vacuum_stopped_between_two_files_leaves_every_snapshot_whole(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.generated(hosts=2, seed=5, findings_per_host=8))
    now = THURSDAY
    chain(lab, 4, now)
    last = tables(lab, None)
    later = now + timedelta(days=40)
    upkeep.vacuum(lab.settings, now=later)
    later += timedelta(days=2)
    told: list[object] = []

    def stop(one: object) -> None:
        told.append(one)
        raise Stopped

    stops = 0
    while len(told) == stops and stops < 200:
        stops += 1
        with suppress(Stopped):
            upkeep.vacuum(lab.settings, now=later, gone=stop)
        assert all(readable(lab, snapshot) for snapshot in snapshots.listing("lab"))
    assert stops > 10
    assert tables(lab, None) == last
    assert lab.sync().run.state is RunState.COMPLETE


def test_a_vacuum_that_is_killed_goes_on_the_next_time(make_lab: MakeLab) -> None:
    lab = make_lab(estate=Estate.generated(hosts=2, seed=5, findings_per_host=8))
    now = THURSDAY
    chain(lab, 3, now)
    later = now + timedelta(days=40)
    command = [sys.executable, "-W", "ignore", "-c", KILLED, str(lab.settings.home)]
    ended = subprocess.run([*command, later.isoformat(), "3"], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert all(readable(lab, snapshot) for snapshot in snapshots.listing("lab"))
    left = upkeep.vacuum(lab.settings, now=later + timedelta(days=2))
    assert left.files
    assert all(readable(lab, snapshot) for snapshot in snapshots.listing("lab"))


def test_what_failed_runs_and_removed_connections_left_goes(
    make_lab: MakeLab, other: Emulator
) -> None:
    lab = make_lab()
    lab.sync()
    add("south", other)
    sync(lab, "south")
    kept = tables(lab, "1")
    connections.remove("south")
    orphan = lab.settings.lake / "lab" / "findings" / "part-00000-orphan.parquet"
    orphan.write_bytes(b"half a file")
    staged = lab.settings.home / "staging" / "lab" / "shared"
    staged.mkdir(parents=True)
    (staged / "1.plugins.parquet").write_bytes(b"x")
    spilled = lab.settings.home / "spill" / "duckdb_temp_storage_S32K-0.tmp"
    spilled.parent.mkdir(exist_ok=True)
    spilled.write_bytes(b"x" * 100)
    upkeep.vacuum(lab.settings)
    assert orphan.exists(), "too young: it may be a run's that began just now"
    for path in (orphan, staged, staged.parent, staged / "1.plugins.parquet", spilled):
        os.utime(path, (0, 0))
    for path in (lab.settings.lake / "south", *(lab.settings.lake / "south").rglob("*")):
        os.utime(path, (0, 0))
    upkeep.vacuum(lab.settings)
    assert not orphan.exists()
    assert not staged.parent.exists()
    assert not spilled.exists()
    assert sorted(path.name for path in lab.settings.lake.iterdir()) == ["lab"]
    assert tables(lab, "1") == kept


def test_a_connection_that_is_being_read_is_left_alone(make_lab: MakeLab) -> None:
    lab = make_lab()
    lab.sync()
    under_way = runs.start("lab", RunMode.FULL)
    orphan = lab.settings.lake / "lab" / "findings" / "part-00000-orphan.parquet"
    orphan.write_bytes(b"half a file")
    os.utime(orphan, (0, 0))
    removed = upkeep.vacuum(lab.settings)
    assert removed.left == [f"lab: run {under_way.number} is under way."]
    assert orphan.exists()
    assert upkeep.compact(lab.settings) == ([], removed.left)
    with pytest.raises(UsageError, match="still under way"):
        session.seen(str(under_way.number))
