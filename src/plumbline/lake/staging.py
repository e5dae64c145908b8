"""What a run has read so far, on disk, page by page.

A page is written as Parquet parts; its receipt is renamed into place last. So a page whose receipt
is there is there whole, whenever the process was killed. Plugins and outputs are shared by all
slices: a page brings only those that no page before it brought, and pages may be read again.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.domain.oddities import Plain
from plumbline.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

SHARED = frozenset({"plugins", "outputs"})
"""Tables that are staged once for all slices."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One page that was read and staged."""

    number: int
    start: int
    end: int
    """The window asked for, not the rows that came."""
    rows: int
    total: int | None
    received: int
    seconds: float
    first: str = ""
    """Key of the first finding; the page before should have had it among its last."""
    last: tuple[str, ...] = ()
    odd: Plain = {}
    """What was odd, by kind; bare counts are of older versions."""
    parts: dict[str, str] = {}
    """Table to file name."""


class Cause(StrEnum):
    """Why a slice is not whole."""

    CHANGED = "changed"
    """The console told other totals meanwhile."""
    UNTOLD = "untold"
    """It told no total."""
    SHORT = "short"
    """Pages had fewer rows than lay in their windows."""
    ORDER = "order"
    """Rows were sorted differently from page to page."""
    REPEATED = "repeated"
    """One answer had rows more than once, and not the same ones each time."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How the reading of one slice ended."""

    whole: bool
    expected: int | None
    distinct: int
    passes: tuple[int, ...]
    """Passes whose parts make the slice."""
    rows: int
    """Rows received in all passes, repeats included."""
    note: str = ""
    cause: Cause | None = None
    """Why it is not whole."""
    repeated: int = 0
    """Rows that one answer held more than once, each time the slice was read."""
    pieces: tuple[str, ...] = ()
    """Names of the pieces that make the slice, each read on its own."""


class SliceStage:
    """The staged pages of one slice."""

    def __init__(self, folder: Path, shared: Path | None = None) -> None:
        self.folder = folder
        self._shared = shared or _shared(folder.parent)

    def receipts(self, attempt: int) -> list[Receipt]:
        """The pages of one pass in the order they were read; a broken receipt ends them."""
        found: list[Receipt] = []
        for path in sorted(self._pass(attempt).glob("*.json")):
            receipt = _read(path, Receipt)
            if receipt is None or receipt.number != len(found):
                break
            found.append(receipt)
        return found

    def passes(self) -> int:
        """How many passes have begun."""
        return len(list(self.folder.glob("pass-*")))

    def stage(self, attempt: int, receipt: Receipt, tables: Mapping[str, pa.Table]) -> Receipt:
        """Write a page: its parts, then its receipt.

        Raises:
            StorageError: the disk is full or refuses; no receipt was written.
        """
        folder = self._pass(attempt)
        with storage_faults(folder):
            folder.mkdir(parents=True, exist_ok=True)
            parts = {}
            for name, table in tables.items():
                if not table.num_rows:
                    continue
                if name in SHARED:
                    self._share(name, table)
                    continue
                parts[name] = f"{receipt.number:06d}.{name}.parquet"
                _write_part(folder / parts[name], table)
            sealed = msgspec.structs.replace(receipt, parts=parts)
            _write_file(folder / f"{receipt.number:06d}.json", msgspec.json.encode(sealed))
        return sealed

    def _share(self, name: str, table: pa.Table) -> None:
        """Put rows where they stay when the slice is read again; later ones sort behind."""
        self._shared.mkdir(parents=True, exist_ok=True)
        _write_part(self._shared / f"{time.time_ns():020d}.{name}.parquet", table)

    def files(self, table: str, passes: tuple[int, ...]) -> list[str]:
        """The parts of a table, in the order of passes and pages."""
        return [
            str(self._pass(attempt) / receipt.parts[table])
            for attempt in passes
            for receipt in self.receipts(attempt)
            if table in receipt.parts
        ]

    def piece(self, name: str) -> SliceStage:
        """The place of a piece of the slice that is read on its own."""
        return SliceStage(self.folder / f"cut-{name}", self._shared)

    def made_of(self, outcome: Outcome) -> Iterator[tuple[SliceStage, Outcome]]:
        """The slice as it was read, or each of its pieces."""
        if outcome.passes:
            yield self, outcome
        for stage in map(self.piece, outcome.pieces):
            if stage.outcome:
                yield stage, stage.outcome

    def files_of(self, table: str, outcome: Outcome) -> list[str]:
        """The parts of a table that make the slice."""
        made_of = self.made_of(outcome)
        return [file for stage, one in made_of for file in stage.files(table, one.passes)]

    def close(self, outcome: Outcome) -> None:
        """Note that the slice needs no more reading."""
        with storage_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_file(self.folder / "outcome.json", msgspec.json.encode(outcome))

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, if it has."""
        return _read(self.folder / "outcome.json", Outcome)

    def discard(self) -> None:
        """Forget everything that was staged.

        Raises:
            StorageError: the disk refuses; all of it is still there.
        """
        _forget(self.folder)

    def _pass(self, attempt: int) -> Path:
        return self.folder / f"pass-{attempt:02d}"


class Staging:
    """The staged pages of one connection's unfinished run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def slice(self, name: str) -> SliceStage:
        """The place of one slice."""
        return SliceStage(self.folder / name)

    def slices(self, prefix: str) -> Iterator[SliceStage]:
        """The places of all staged slices whose name begins so."""
        for path in sorted(self.folder.glob(f"{prefix}*")):
            if path.is_dir():
                yield SliceStage(path)

    def shared(self, table: str) -> list[str]:
        """The parts of a table that all slices share, the latest last."""
        return sorted(map(str, _shared(self.folder).glob(f"*.{table}.parquet")))

    def keep_plan(self, plan: bytes) -> None:
        """Remember what the run set out to read."""
        with storage_faults(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            _write_file(self.folder / "plan.json", plan)

    def plan(self) -> bytes | None:
        """What an unfinished run set out to read; nothing when there is none."""
        try:
            return (self.folder / "plan.json").read_bytes()
        except FileNotFoundError:
            return None

    def discard(self) -> None:
        """Forget the unfinished run.

        Raises:
            StorageError: the disk refuses; all of it is still there.
        """
        _forget(self.folder)


@contextmanager
def storage_faults(folder: Path) -> Iterator[None]:
    """Tell faults of the disk in words.

    Raises:
        StorageError: for any fault of the file system.
    """
    try:
        yield
    except OSError as fault:
        full = fault.errno in {errno.ENOSPC, errno.EDQUOT} or "No space left" in str(fault)
        what = "The disk is full" if full else f"The disk refuses ({fault.strerror or fault})"
        raise StorageError(
            f"{what}: {folder} cannot be written.",
            advice="free some space there" if full else "check the folder's owner and rights",
            unchanged="the last published snapshot; the next sync goes on from what was staged",
        ) from fault


def _shared(staging: Path) -> Path:
    return staging / "shared"


def _forget(folder: Path) -> None:
    """Take a folder away at once: removing it file by file could be cut off half-way."""
    gone = folder.with_name(f".gone-{folder.name}-{time.time_ns()}")
    with storage_faults(folder):
        if folder.exists():
            folder.rename(gone)
    for left in folder.parent.glob(f".gone-{folder.name}-*"):
        shutil.rmtree(left, ignore_errors=True)


_REPEATING = frozenset(
    {"console", "alias", "ip", "protocol", "source", "vuln_uniqueness", "repository_id"}
)
"""Columns that a dictionary makes small; on the others it would only cost time."""


def _write_part(path: Path, table: pa.Table) -> None:
    with _scratch(path) as scratch:
        pq.write_table(
            table,
            scratch,
            compression="lz4",
            write_statistics=False,
            use_dictionary=[name for name in table.column_names if name in _REPEATING],
        )


def _write_file(path: Path, content: bytes) -> None:
    with _scratch(path) as scratch, scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    """A file that takes its place only when it is whole, and leaves nothing behind when not."""
    scratch = path.with_suffix(".tmp")
    try:
        yield scratch
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _read(path: Path, kind: type[T]) -> T | None:
    """What was written there; nothing when nothing was, or only in part."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
