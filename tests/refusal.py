"""Refuses network sockets, so that a test which is not marked `network` proves it needs none.

An audit hook sees every use of a socket from Python, whoever makes it; it cannot be taken out, only
told to look away. Local sockets (AF_UNIX) stay allowed. Interpreters that a test starts install the
hook through `sitecustomize`, which they find by `PYTHONPATH`.
"""

from __future__ import annotations

import os
import socket
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_UPS = frozenset(
    f"socket.{name}" for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr", "getnameinfo")
)
_USES = frozenset(f"socket.{name}" for name in ("bind", "connect", "sendto", "sendmsg"))
_INTERNET = frozenset({socket.AF_INET, socket.AF_INET6})


class _Guard:
    """The hook of this process; it refuses while `active`."""

    def __init__(self) -> None:
        self.active = False
        self.installed = False

    def install(self) -> None:
        if not self.installed:
            sys.addaudithook(self._see)
            self.installed = True

    def _see(self, event: str, args: tuple[object, ...]) -> None:
        if not self.active or not event.startswith("socket."):
            return
        if event in _LOOK_UPS or (event in _USES and _is_internet(args[0])):
            raise RefusedSocketError(event)


class RefusedSocketError(Exception):
    """A test that is not marked `network` used a socket; no code under test expects this."""


_GUARD = _Guard()


def refuse() -> None:
    """Refuse from now on, to the end of this process."""
    _GUARD.install()
    _GUARD.active = True


@contextmanager
def refused() -> Iterator[None]:
    """Refuse for a while, in this process and in those it starts."""
    path = os.environ.get("PYTHONPATH")
    here = str(Path(__file__).parent)
    os.environ["PYTHONPATH"] = f"{here}{os.pathsep}{path}" if path else here
    refuse()
    try:
        yield
    finally:
        _GUARD.active = False
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path


def _is_internet(found: object) -> bool:
    return isinstance(found, socket.socket) and found.family in _INTERNET
