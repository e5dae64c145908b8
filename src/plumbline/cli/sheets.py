"""Answers on their way to stdout or a file, in the format that was asked for."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output
from plumbline.errors import StorageError, UsageError
from plumbline.report.formats import Format, writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from plumbline.posture.relation import Heading
    from plumbline.report.interface import Screen, Sheet

Form = Annotated[
    Format | None,
    typer.Option("--format", help="How rows are written; table without.", show_default=False),
]


def chosen(form: Format | None, *, as_json: bool, file: Path | None = None) -> Format:
    """The format that `--format` and `--json` mean together; else that of the file's ending.

    Raises:
        UsageError: they contradict each other.
    """
    if as_json and form not in {None, Format.JSON}:
        raise UsageError(f"--json and --format {form} contradict each other.", advice="give one.")
    if as_json:
        return Format.JSON
    return form or _by_ending(file) or Format.TABLE


def _by_ending(file: Path | None) -> Format | None:
    ending = file.suffix.lower().lstrip(".") if file else ""
    return Format(ending) if ending in set(Format) else None


def put(sheet: Sheet, form: Format, file: Path | None = None) -> int:
    """Write an answer, tell its warnings on stderr, and return how many rows there were.

    Raises:
        UsageError: the format is not for a terminal.
        StorageError: the file cannot be written, or the snapshot not be read.
    """
    for text in sheet.warnings:
        output.warn(text)
    if file is not None:
        with _opened(file) as out:
            return writer(form, _no_screen())(sheet, out)
    if form.is_binary and sys.stdout.isatty():
        raise UsageError(f"{form} is not for a terminal.", advice="add -o FILE.")
    sys.stdout.flush()
    return writer(form, screen())(sheet, sys.stdout.buffer)


def put_bytes(made: bytes, file: Path | None, *, binary: bool) -> None:
    """Write something whole.

    Raises:
        UsageError: it is not for a terminal.
        StorageError: the file cannot be written.
    """
    if file is not None:
        with _opened(file) as out:
            out.write(made)
        return
    if binary and sys.stdout.isatty():
        raise UsageError("This is not for a terminal.", advice="add -o FILE.")
    sys.stdout.flush()
    sys.stdout.buffer.write(made)


def of_rows(name: str, columns: tuple[Heading, ...], rows: Iterable[Mapping[str, Any]]) -> Sheet:
    """An answer from rows at hand; all columns hold texts."""
    import pyarrow as pa  # noqa: PLC0415 - not for --help

    from plumbline.report.interface import Sheet  # noqa: PLC0415 - the same

    schema = pa.schema([(column.name, pa.string()) for column in columns])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    return Sheet(name=name, columns=columns, schema=schema, batches=table.to_batches())


def screen() -> Screen:
    """Where a table on stdout is looked at."""
    from plumbline.report.interface import Screen  # noqa: PLC0415 - pyarrow, not for --help

    wants_colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    seen = sys.stdout.isatty()
    return Screen(
        width=shutil.get_terminal_size().columns if seen else None,
        colour=seen and wants_colour,
        encoding=sys.stdout.encoding or "utf-8",
    )


def _no_screen() -> Screen:
    from plumbline.report.interface import Screen  # noqa: PLC0415 - pyarrow, not for --help

    return Screen()


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """The file, complete or as it was before."""
    part = file.with_name(f".{file.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written: {error.strerror}.",
            advice="another folder, or room on the disk.",
            unchanged=f"{file}, if it was there.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
