"""Reaches the queue's database: a server, which is waited for when it was there before, or a file.

DBOS itself waits between its tries for up to a minute and a half, and never hears that the worker
is to end. A connection that is made only when the server answers spares it both.

In a file, DBOS counts what is under way and then claims a turn, and Python's driver begins the
transaction only between the two: workers that look at the same time would exceed the cap together.
Here a transaction has the file to itself from its first statement on.
https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#pysqlite-serializable
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from plumbline.errors import StorageError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

    import sqlalchemy
    from sqlalchemy import Engine

_PAUSE = 0.25
_POOL = 5
_BUSY = 30
"""Seconds to wait for other transactions."""
_BEGIN = "BEGIN IMMEDIATE"
_CONNECTION = {
    "application_name": "plumbline",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}


def file_engine(file: Path) -> Engine:
    """Connections to a file, one transaction after the other."""
    import sqlalchemy  # noqa: PLC0415 - as heavy as DBOS, and comes with it

    found = sqlalchemy.create_engine(
        f"sqlite:///{file}",
        connect_args={"timeout": _BUSY},
        pool_size=_POOL,
        max_overflow=0,
    )
    sqlalchemy.event.listen(found, "connect", _bare)
    sqlalchemy.event.listen(found, "begin", lambda line: line.exec_driver_sql(_BEGIN))
    sqlalchemy.event.listen(found, "before_cursor_execute", _begun, retval=True)
    return found


def engine(address: str, closing: Callable[[], bool]) -> Engine:
    """Connections to a server that are waited for, until the worker is to end."""
    import sqlalchemy  # noqa: PLC0415 - as heavy as DBOS, and comes with it

    url = sqlalchemy.make_url(address).set(drivername="postgresql+psycopg")
    found = sqlalchemy.create_engine(
        url,
        connect_args={name: to for name, to in _CONNECTION.items() if name not in url.query},
        pool_size=_POOL,
        max_overflow=0,
        pool_pre_ping=True,
    )
    sqlalchemy.event.listen(found, "do_connect", _Reach(closing).connect)
    return found


class _Reach:
    """Makes connections."""

    def __init__(self, closing: Callable[[], bool]) -> None:
        self._closing = closing
        self._met = False

    def connect(self, dialect: Any, _record: Any, places: Any, names: Any) -> Any:
        """A connection, however long that takes; at the first, a server that is not there is told.

        Raises:
            StorageError: the worker is to end.
        """
        while True:
            try:
                made = dialect.connect(*places, **names)
            except dialect.loaded_dbapi.OperationalError:
                if not self._met:
                    raise
                if self._closing():
                    raise StorageError("The database of the job queue does not answer.") from None
                time.sleep(_PAUSE)
            else:
                self._met = True
                _bound(made)
                return made


def _bare(made: sqlite3.Connection, _record: object) -> None:
    """Leave it to us when a transaction begins."""
    made.isolation_level = None
    made.execute("PRAGMA foreign_keys=ON")


def _begun(
    line: sqlalchemy.Connection, _cursor: object, statement: str, parameters: Any, *_: object
) -> tuple[str, Any]:
    """DBOS begins its own where it knows of the driver's habit; by then it has begun already."""
    held: Any = line.connection.dbapi_connection
    if statement.strip().upper() == _BEGIN and held.in_transaction:
        return "SELECT 1", parameters
    return statement, parameters


def _bound(made: Any) -> None:
    """Let the server end a transaction whose worker has vanished from the network."""
    made.execute("SET idle_in_transaction_session_timeout = '60s'")
    made.commit()
