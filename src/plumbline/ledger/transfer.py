"""Moves a ledger from a SQLite file into an empty database, most often on a server."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.db.models import CharField, JSONField, TextField

from plumbline.errors import UsageError
from plumbline.ledger import upgrade
from plumbline.ledger.database import sqlite
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.opening import open_ledger
from plumbline.ledger.texts import storable, storable_tree

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from django.db.models import Field, Model, QuerySet
    from django.db.models.options import Options

    from plumbline.config.settings import Settings

_SOURCE = "source"
_BATCH = 1_000


def take_over(settings: Settings, file: Path) -> int:
    """Copy everything that a SQLite ledger holds into the database of these settings.

    All or nothing; the file stays as it is, and nobody writes it meanwhile. Tells the number of
    rows.

    Raises:
        UsageError: there is no such ledger, it is of another version, or the database is in use.
        StorageError: one of the databases cannot be used.
    """
    open_ledger(settings)
    models = list(apps.get_app_config("ledger").get_models())
    with storage_faults():
        _refuse_if_used(models)
        with _source(file), transaction.atomic(), transaction.atomic(_SOURCE):
            count = sum(map(_copy, models))
            _continue_numbers(models)
    return count


def _refuse_if_used(models: list[type[Model]]) -> None:
    if any(_rows(model).exists() for model in models):
        raise UsageError(
            "The database is in use: it holds rows already.",
            advice="point PLUMBLINE_DATABASE_URL at an empty database.",
            unchanged="both databases.",
        )


@contextmanager
def _source(file: Path) -> Generator[None]:
    """The ledger to be read, beside the open one."""
    if not file.is_file():
        raise UsageError(f"There is no file {file}.", advice="give the path of a ledger.sqlite3.")
    described = connections.configure_settings({_SOURCE: sqlite(file)} | connections.settings)
    connections.settings[_SOURCE] = described[_SOURCE]
    try:
        if upgrade.missing(connections[_SOURCE]):
            raise UsageError(
                f"{file} is the ledger of an older Plumbline, or none.",
                advice="run `plumbline db upgrade` on it first, without PLUMBLINE_DATABASE_URL.",
                unchanged="both databases.",
            )
        yield
    finally:
        connections[_SOURCE].close()
        del connections[_SOURCE]
        del connections.settings[_SOURCE]


def _copy(model: type[Model]) -> int:
    about = model._meta  # noqa: SLF001 - Django documents it for everybody
    names = [field.attname for field in about.concrete_fields]
    rows = _rows(model).using(_SOURCE).order_by("pk").values_list(*names)
    found, count = rows.iterator(chunk_size=_BATCH), 0
    while batch := list(islice(found, _BATCH)):
        _insert(about, batch)
        count += len(batch)
    return count


def _rows(model: type[Model]) -> QuerySet[Model]:
    return model._default_manager.all()  # noqa: SLF001 - likewise


def _insert(about: Options[Model], rows: list[tuple[Any, ...]]) -> None:
    fields = about.concrete_fields
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(about.db_table)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        # Past the models, which would write the time of saving over the time of the act.
        cursor.executemany(statement, [list(_prepared(fields, row)) for row in rows])


def _prepared(fields: Any, row: tuple[Any, ...]) -> Iterator[Any]:
    for field, value in zip(fields, row, strict=True):
        yield field.get_db_prep_save(_stored(field, value), connection)


def _stored(field: Field[Any, Any], value: Any) -> Any:
    """A value as every database keeps it: a file may hold signs that a server refuses."""
    if isinstance(field, CharField | TextField) and value is not None:
        return storable(value)
    return storable_tree(value) if isinstance(field, JSONField) else value


def _continue_numbers(models: list[type[Model]]) -> None:
    """Let the database give out numbers that were never given."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
