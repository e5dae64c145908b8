"""The one place where database errors become ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import Error

from plumbline.errors import StorageError
from plumbline.ledger import contact

if TYPE_CHECKING:
    from collections.abc import Generator

UNCHANGED = "the transaction was rolled back; what was stored before still is."

_ADVICE = (
    (
        "locked",
        "another process holds the database; try again when it is done (see `plumbline runs`).",
    ),
    ("disk is full", "free some space on the disk of the data folder."),
    ("disk i/o", "look whether the data folder's disk is full, failing, or a network share."),
    ("readonly", "make the database and its folder writable for this user."),
    ("unable to open", "check that the folder exists and that this user may write in it."),
    ("not a database", "the file is no SQLite database; move it away or restore a backup."),
    ("malformed", "the database file is damaged; restore a backup."),
    ("no such table", "run `plumbline db upgrade`."),
    ("does not exist", "create the database, then run `plumbline db upgrade`."),
    ("password authentication", "check user and password in PLUMBLINE_DATABASE_URL."),
    ("connection", "check that the database server runs and can be reached."),
)


@contextmanager
def storage_faults() -> Generator[None]:
    """Turn a database error into a `StorageError` with advice.

    What begins here finds a server that answers, even if it was restarted since.
    """
    try:
        contact.keep()
        yield
    except Error as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise StorageError(
            f"The ledger's database refused: {text}.", advice=_advice(text), unchanged=UNCHANGED
        ) from error


def _advice(text: str) -> str:
    lowered = text.lower()
    return next((advice for sign, advice in _ADVICE if sign in lowered), "run `plumbline doctor`.")
