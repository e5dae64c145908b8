"""A site with two published connections and somebody of every kind."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from django.db import transaction
from django.test import Client

from hosted import HOST, hosted
from plumbline import tables
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.person import WHOLE, Purview, Role
from plumbline.domain.run import RunMode, RunState
from plumbline.lake.store import Store
from plumbline.ledger import connections, runs, snapshots
from plumbline.ledger.records import Publication
from small import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from small import Made

PASSWORD = "correct horse battery staple"


class _Undo(Exception):  # noqa: N818 - no error
    """Ends a transaction without keeping it."""


@dataclass
class Town:
    """The site."""

    settings: Settings
    made: Made
    runs: dict[str, int] = field(default_factory=dict)

    def browser(self, name: str = "", **options: Any) -> Client:
        """A browser, signed in as somebody if a name is given."""
        client = Client(SERVER_NAME=HOST, enforce_csrf_checks=False, **options)
        client.defaults["wsgi.url_scheme"] = "https"
        if name:
            from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415

            backend = "allauth.account.auth_backends.AuthenticationBackend"
            client.force_login(PersonRow.objects.get(name=name), backend=backend)
        return client

    def person(self, name: str, role: Role = Role.VIEWER, purview: Purview = WHOLE) -> str:
        """Somebody new, with the password."""
        from plumbline.ledger.people import register  # noqa: PLC0415

        register.add(name, role, purview=purview, by="test")
        register.set_password(name, PASSWORD)
        return name

    def token(self, person: str, role: Role = Role.VIEWER, **more: Any) -> dict[str, str]:
        """The header of a new token."""
        from plumbline.ledger.people import tokens  # noqa: PLC0415

        _, text = tokens.add(person, "a program", role, days=more.pop("days", 1), **more)
        return {"Authorization": f"Bearer {text}"}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end what is done within."""
        from django.core.cache import cache  # noqa: PLC0415

        cache.clear()
        try:
            with transaction.atomic():
                yield
                raise _Undo  # noqa: TRY301 - how a transaction is left
        except _Undo:
            pass


@contextmanager
def founded(folder: Path, made: Made) -> Iterator[Town]:
    """Make a site in a folder; the ledger alone is what is left afterwards."""
    settings = Settings(home=folder / "home", engine_threads=1)
    with hosted(settings):
        town = Town(settings, made)
        for console in AS_OF:
            town.runs[console] = _publish(settings, console, made)
        for role in Role:
            town.person(role.value, role)
        yield town


def _publish(settings: Settings, console: str, made: Made) -> int:
    address = Address(url=f"https://{console}.example")
    connections.add(Connection(name=console, address=address), Keys("access", "secret"))
    run = runs.start(console, RunMode.FULL)
    store = Store.of(settings, console)
    pins = {t.name: store.replace(t, _rows(t, console, made)) for t in tables.TABLES}
    publication = Publication(as_of=AS_OF[console], tables=pins)
    snapshots.publish(run.number, RunState.COMPLETE, {"open": 1}, publication)
    return run.number


def _rows(table: tables.Table, console: str, made: Made) -> pa.Table:
    rows = [row for row in made.rows.get(table.name, []) if row["console"] == console]
    filled = [{name: row.get(name) for name in table.names} for row in rows]
    return pa.Table.from_pylist(filled, schema=table.schema)
