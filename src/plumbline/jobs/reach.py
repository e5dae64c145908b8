"""Reaches the queue's database server, and waits for it when it was there before.

DBOS itself waits between its tries for up to a minute and a half, and never hears that the worker
is to end. A connection that is made only when the server answers spares it both.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from plumbline.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

_PAUSE = 0.25
_POOL = 5
_CONNECTION = {
    "application_name": "plumbline",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",  # milliseconds
}


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


def _bound(made: Any) -> None:
    """Let the server end a transaction whose worker has vanished from the network."""
    made.execute("SET idle_in_transaction_session_timeout = '60s'")
    made.commit()
