"""Consoles as the user set them up, and their API keys."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from plumbline.domain.connection import ConnectionKind, Keys
from plumbline.errors import ConfigurationError, NotFoundError, UsageError
from plumbline.ledger import audit, runs, seal, shape
from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import (
    ConnectionRow,
    ProofRow,
    ScheduleRow,
    SealedRow,
    SnapshotRow,
)
from plumbline.ledger.records import Entry

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from plumbline.domain.connection import Connection

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
"""It names a folder, too: `..` must not be one, nor what a command takes for an option."""


def check_name(name: str) -> None:
    """Refuse a name that cannot be a connection's.

    Raises:
        UsageError: says what a name may consist of.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a connection.",
            advice="use 1 to 64 letters (a to z), digits, dots, hyphens and underscores, of which "
            "neither a dot nor a hyphen comes first.",
        )


@storage_faults()
def check_free(name: str) -> None:
    """Refuse a name that is taken.

    Raises:
        UsageError: there is a connection of that name.
    """
    if exists(name):
        raise UsageError(
            f"There is a connection {name} already.",
            advice=f"choose another name, or `plumbline connection edit {name}`.",
            unchanged="the existing connection.",
        )


@storage_faults()
def add(connection: Connection, keys: Keys | None) -> None:
    """Keep a new connection with its keys; one that takes files has none.

    Raises:
        UsageError: the name is taken or not allowed.
        ConfigurationError: the sealing keys cannot be used.
    """
    check_name(connection.name)
    with seal.turn(), transaction.atomic():
        check_free(connection.name)
        row = ConnectionRow.objects.create(**shape.columns(connection))
        SealedRow.objects.create(
            connection=row,
            keys=_sealed(keys) if keys else b"",
            proxy=_sealed_proxy(connection),
            client_key=_sealed_client_key(connection),
        )
        audit.note("add", connection.name, connection.address.url or connection.kind)


@storage_faults()
def edit(connection: Connection) -> None:
    """Replace everything but the keys of the connection of that name.

    A client certificate that stays, and is given without its private key, keeps the sealed one.

    Raises:
        UsageError: there is none.
    """
    with seal.turn(), transaction.atomic():
        row = _row(connection.name)
        columns = shape.columns(connection)
        secrets = {"proxy": _sealed_proxy(connection)}
        client = connection.address.client
        if client is None or client.key or client.certificate != row.client_certificate:
            secrets["client_key"] = _sealed_client_key(connection)
        ConnectionRow.objects.filter(pk=row.pk).update(**columns, changed=timezone.now())
        SealedRow.objects.filter(connection=row).update(**secrets)
        audit.note("edit", connection.name, connection.address.url)


@storage_faults()
def remove(name: str) -> None:
    """Forget a connection, its keys, snapshots and proofs; its runs stay in the history.

    The files of its tables are the caller's to remove, afterwards.

    Raises:
        UsageError: there is none, or it is being read right now.
    """
    with transaction.atomic():
        row = _at_rest(name)
        SnapshotRow.objects.filter(run__connection=row).delete()
        ProofRow.objects.filter(run__connection=row).delete()
        row.delete()
        audit.note("remove", name)


@storage_faults()
def retire(name: str) -> None:
    """Read a connection no more and forget its keys and schedule; what it published stays.

    Raises:
        UsageError: there is none, it is being read right now, or it was retired before.
    """
    with transaction.atomic():
        row = _at_rest(name)
        _refuse_retired(row)
        now = timezone.now()
        SealedRow.objects.filter(connection=row).update(keys=b"", proxy=b"", client_key=b"")
        ScheduleRow.objects.filter(connection=row).delete()
        ConnectionRow.objects.filter(pk=row.pk).update(
            retired=now, changed=now, client_certificate=""
        )
        audit.note("retire", name)


def _at_rest(name: str) -> ConnectionRow:
    """The connection, if nobody reads it; no run may begin until the transaction ends."""
    row = _row(name, _rows().select_for_update(of=("self",)))
    if run := runs.live(name):
        raise UsageError(
            f"Run {run.number} is reading {name} right now.",
            advice=f"wait until it ends, or stop it with `plumbline jobs cancel {name}`.",
            unchanged=f"the connection {name}.",
        )
    return row


def _refuse_retired(row: ConnectionRow) -> None:
    if row.retired is not None:
        raise UsageError(
            f"{row.name} was retired on {row.retired:%Y-%m-%d}: it is not read any more.",
            advice=f"`plumbline connection rotate-keys {row.name}` brings it back with new keys."
            if row.kind == ConnectionKind.CONSOLE
            else "import into a connection of another name.",
            unchanged="what it published.",
        )


@storage_faults()
def check_read(name: str) -> None:
    """Refuse a connection that is not read any more.

    Raises:
        UsageError: there is none, or it was retired.
    """
    _refuse_retired(_row(name))


@storage_faults()
def pause(name: str, *, paused: bool) -> None:
    """Hold a connection back from runs, or let it run again.

    Raises:
        UsageError: there is none of that name.
    """
    with transaction.atomic():
        ConnectionRow.objects.filter(pk=_row(name).pk).update(paused=paused, changed=timezone.now())
        audit.note("pause" if paused else "resume", name)


@storage_faults()
def exists(name: str) -> bool:
    """Whether there is a connection of that name."""
    return ConnectionRow.objects.filter(name=name).exists()


@storage_faults()
def get(name: str) -> Connection:
    """The connection of that name, its proxy with credentials, its certificate with its key.

    Raises:
        UsageError: there is none.
        ConfigurationError: these secrets cannot be unsealed.
    """
    return _whole(_row(name))


@storage_faults()
def entry(name: str) -> Entry:
    """The connection of that name with what is known about it, its proxy without credentials.

    Raises:
        UsageError: there is none.
    """
    return _entry(_row(name))


@storage_faults()
def list_all() -> tuple[Entry, ...]:
    """Every connection by name, proxies without credentials."""
    return tuple(map(_entry, _rows().order_by("name")))


@storage_faults()
def get_keys(name: str) -> Keys:
    """The API keys of a connection.

    Raises:
        UsageError: there is no such connection, it was retired, or takes files and has none.
        ConfigurationError: it has no keys, or they cannot be unsealed.
    """
    row = _row(name)
    _refuse_retired(row)
    if row.kind != ConnectionKind.CONSOLE:
        raise UsageError(f"{name} takes imported files: there is no console to read.")
    token = bytes(row.sealed.keys)
    if not token:
        raise ConfigurationError(
            f"The connection {name} has no API keys.",
            advice=f"give them with `plumbline connection rotate-keys {name}`.",
        )
    access, secret = json.loads(seal.unseal(token, name))
    return Keys(access, secret)


@storage_faults()
def set_keys(name: str, keys: Keys) -> None:
    """Replace the API keys of a connection; one that was retired is read again.

    Raises:
        UsageError: there is no such connection.
        ConfigurationError: the sealing keys cannot be used.
    """
    with seal.turn(), transaction.atomic():
        put_keys(name, keys)


@storage_faults()
def delete_keys(name: str) -> None:
    """Erase the API keys of a connection and pause it; a run under way ends at its next page.

    Raises:
        UsageError: there is no such connection, or it has no keys.
    """
    with seal.turn(), transaction.atomic():
        row = _row(name)
        if not row.sealed.keys:
            raise UsageError(f"The connection {name} has no keys.", unchanged="everything.")
        SealedRow.objects.filter(connection=row).update(keys=b"")
        ConnectionRow.objects.filter(pk=row.pk).update(paused=True, changed=timezone.now())
        audit.note("delete-keys", name, "paused")
    runs.cancel(name, audit.who())


def put_keys(name: str, keys: Keys) -> None:
    """The same for whoever holds the turn of sealing and a transaction.

    Raises:
        UsageError: there is no such connection.
        ConfigurationError: the sealing keys cannot be used.
    """
    row = _row(name)
    SealedRow.objects.filter(connection=row).update(keys=_sealed(keys))
    ConnectionRow.objects.filter(pk=row.pk).update(retired=None)
    audit.note("rotate-keys", name, "no longer retired" if row.retired else "")


def _rows() -> QuerySet[ConnectionRow]:
    return ConnectionRow.objects.select_related("sealed")


def _row(name: str, rows: QuerySet[ConnectionRow] | None = None) -> ConnectionRow:
    row = (_rows() if rows is None else rows).filter(name=name).first()
    if row is None:
        raise NotFoundError(f"There is no connection {name!r}.", advice=_known())
    return row


def _known() -> str:
    names = ConnectionRow.objects.order_by("name").values_list("name", flat=True)
    if not names:
        return "add one with `plumbline connection add NAME --url URL`."
    return f"use one of: {', '.join(names)}."


def _entry(row: ConnectionRow) -> Entry:
    return Entry(
        connection=shape.connection_of(row),
        paused=row.paused,
        created=row.created,
        changed=row.changed,
        has_keys=bool(row.sealed.keys),
        retired=row.retired,
    )


def _whole(row: ConnectionRow) -> Connection:
    tokens = (bytes(row.sealed.proxy), bytes(row.sealed.client_key))
    opened = [seal.unseal(token, row.name) if token else "" for token in tokens]
    return shape.connection_of(row, *opened)


def _sealed(keys: Keys) -> bytes:
    return seal.seal(json.dumps([keys.access, keys.secret]))


def _sealed_proxy(connection: Connection) -> bytes:
    user = shape.proxy_user(connection)
    return seal.seal(user) if user else b""


def _sealed_client_key(connection: Connection) -> bytes:
    client = connection.address.client
    return seal.seal(client.key) if client and client.key else b""
