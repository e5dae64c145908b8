"""A PostgreSQL of the tests' own: in a folder of its own, for this session alone.

It runs as an unprivileged user, since PostgreSQL refuses to be root's, and ends with the process
that started it, whatever happens to that.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, PASSWORD = "plumb", "line-%41"
"""The password holds what an address has to escape."""
_ESCAPED = "line-%2541"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin")
_UNPRIVILEGED = ("postgres", "nobody")
# Without fsync a commit outlives the server's processes, if not the machine.
_SPARED = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB")
_PATIENCE = 60.0  # seconds for a start or a stop on a busy machine
_TRIES = 5  # another program may take the port first


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest of several; none if not installed."""
    found = [folder for place in _PLACES for folder in Path("/").glob(place[1:])]
    found.sort(key=lambda folder: [int(part) for part in folder.parts if part.isdigit()])
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    whole = [folder for folder in found if {"initdb", "postgres"} <= {f.name for f in _in(folder)}]
    return whole[-1] if whole else None


@dataclass(slots=True, kw_only=True)
class Server:
    """A server that can be stopped and started again; its data stays until `discard`."""

    programs: Path
    folder: Path = field(init=False)
    port: int = field(init=False, default=0)
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)
    _numbers: Iterator[int] = field(init=False, default_factory=itertools.count)

    def __post_init__(self) -> None:
        # Short, for the path of a socket may have no more than 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="plumbline-pg-", dir="/tmp"))
        if user := _user():
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)  # for the other user; its folder is shut
        self._run(
            self.programs / "initdb",
            f"--pgdata={self._data}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        )

    def start(self) -> None:
        """Start it, at the same port as before; nothing happens where it runs."""
        if self._process is not None:
            return
        for _ in range(1 if self.port else _TRIES):
            port = self.port or _free_port()
            self._process = self._begin(port)
            if self._comes_up(port):
                self.port = port
                return
            self.stop()
        raise AssertionError(f"PostgreSQL did not start:\n{self._log.read_text()}")

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it: SIGINT throws clients out in good order, SIGQUIT is as if it had crashed."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_PATIENCE)
        self._process = None

    def restart(self, number: int = signal.SIGINT) -> None:
        """Stop it and start it again."""
        self.stop(number)
        self.start()

    def discard(self) -> None:
        """Stop it and remove its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql://{USER}:{_ESCAPED}@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> Database:
        """Make a database like `template`; nobody may be at work in that."""
        name = f"test_{next(self._numbers)}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return Database(server=self, name=name)

    def say(self, statement: str, name: str = "postgres") -> None:
        """Carry out a statement in a database, outside any transaction."""
        with psycopg.connect(self.url(name), autocommit=True) as client:
            client.execute(statement.encode())

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _begin(self, port: int) -> subprocess.Popen[bytes]:
        wanted = [f"port={port}", "listen_addresses=127.0.0.1", *_SPARED]
        wanted.append(f"unix_socket_directories={self.folder}")
        options = [part for setting in wanted for part in ("-c", setting)]
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*_tied(), self.programs / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                # Ctrl-C at the terminal is for the tests; they then stop the server.
                start_new_session=True,
                **_as_user(),
            )

    def _comes_up(self, port: int) -> bool:
        process, deadline = self._process, time.monotonic() + _PATIENCE
        address = f"postgresql://{USER}:{_ESCAPED}@127.0.0.1:{port}/postgres"
        while process and process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(address, connect_timeout=5).close()
                return True
            time.sleep(0.02)
        return False

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command, capture_output=True, check=False, cwd=self.folder, text=True, **_as_user()
        )
        assert done.returncode == 0, done.stdout + done.stderr


@dataclass(slots=True, kw_only=True)
class Database:
    """A database of one test; what stops or starts is the whole server."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url(self.name)

    def start(self) -> None:
        """Start the server; nothing happens where it runs."""
        self.server.start()

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server; SIGQUIT is as if it had crashed."""
        self.server.stop(number)

    def restart(self, number: int = signal.SIGINT) -> None:
        """Stop the server and start it again, at the same port."""
        self.server.restart(number)

    def say(self, statement: str) -> None:
        """Carry out a statement in this database."""
        self.server.say(statement, self.name)

    def drop(self) -> None:
        """Throw everybody out and remove it."""
        self.server.start()
        self.server.say(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


def _in(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _user() -> pwd.struct_passwd | None:
    """Whom the server runs as where the tests are root's."""
    if os.getuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return next(known[name] for name in _UNPRIVILEGED if name in known)


def _as_user() -> dict[str, Any]:
    user = _user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _tied() -> list[str]:
    """What makes the server end with the thread that started it, where that can be had."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "INT", "--"] if found else []
