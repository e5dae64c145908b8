"""What is to be imported, and whether that can be begun at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.domain.connection import Address, Connection, ConnectionKind
from plumbline.errors import UsageError
from plumbline.extract.files.opening import STDIN
from plumbline.extract.files.pages import check_file
from plumbline.lake.folders import remove_folders
from plumbline.ledger import connections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from plumbline.ledger.records import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be imported, and how."""

    files: tuple[Path, ...]
    connection: str
    repository: str = ""
    """Where every row goes; empty: where it says, else into one named like the connection."""
    complete: bool = False
    """Together the files are everything there is in the repositories they speak of."""
    accept_truncated: bool = False
    """Publish what a damaged file tells before its damage."""


def named(paths: Sequence[Path]) -> dict[str, Path]:
    """Files by the name they are shown by; the same file twice is one."""
    once = {one if str(one) == STDIN else one.expanduser().absolute(): one for one in paths}
    names: dict[str, Path] = {}
    for path in once.values():
        short = "standard input" if str(path) == STDIN else path.name
        names[short if short not in names else str(path)] = path
    return names


def check(order: Order, files: Mapping[str, Path], home: Path) -> None:
    """Refuse what cannot be imported before anything is begun; make the connection if need be.

    Raises:
        UsageError: a file, the connection or the wishes cannot be used.
    """
    if order.complete and order.accept_truncated:
        raise UsageError(
            "A damaged file cannot be everything: what is absent from it may be behind its damage.",
            advice="leave out --complete, or --accept-truncated",
        )
    name = order.connection
    connections.check_name(name)
    known = connections.exists(name)
    if known:
        _check_connection(connections.entry(name))
    for short, path in files.items():
        if str(path) != STDIN and not _is_pipe(path):
            check_file(path, short)
    if not known:
        # What a connection of that name may have left, if its removal was cut short.
        remove_folders(home, name)
        address = Address(url="")
        connections.add(Connection(name=name, kind=ConnectionKind.FILE, address=address), None)


def _check_connection(entry: Entry) -> None:
    """Refuse a connection that takes no files."""
    name = entry.connection.name
    if entry.retired is not None:
        raise UsageError(
            f"{name} was retired on {entry.retired:%Y-%m-%d}.",
            advice="choose another name with --connection",
            unchanged=f"the connection {name}",
        )
    if entry.connection.kind is not ConnectionKind.FILE:
        raise UsageError(
            f"{name} reads a console; files go into a connection of their own.",
            advice="choose another name with --connection",
            unchanged=f"the connection {name}",
        )


def _is_pipe(path: Path) -> bool:
    """Whether it can be looked at only once."""
    try:
        return path.is_fifo() or path.is_char_device()
    except (OSError, ValueError):
        return False
