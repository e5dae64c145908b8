"""Records of the ledger in the form programs are promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.cli import client_certificate

if TYPE_CHECKING:
    from plumbline.ledger.records import Entry, Run


def connection(entry: Entry) -> dict[str, Any]:
    """A connection; its keys are not in it."""
    from plumbline.ledger import shape  # noqa: PLC0415 - Django, only when called

    found = entry.connection
    address, manners = found.address, found.manners
    return {
        "name": found.name,
        "kind": found.kind,
        "url": address.url,
        "trust": {"kind": address.trust.kind, "value": address.trust.value},
        "proxy": address.proxy_shown,
        "no_proxy": address.no_proxy,
        "client_certificate": client_certificate.shown(address.client),
        **shape.reads(found),
        "page_size": manners.page_size,
        "connect_timeout": manners.connect_timeout,
        "read_timeout": manners.read_timeout,
        "retries": manners.retries,
        "requests_per_hour": manners.requests_per_hour,
        "paused": entry.paused,
        "retired": entry.retired,
        "has_keys": entry.has_keys,
        "created": entry.created,
        "changed": entry.changed,
    }


def run(found: Run) -> dict[str, Any]:
    """A run in sum."""
    return {
        "run": found.number,
        "connection": found.connection,
        "mode": found.mode,
        "state": found.state,
        "started": found.started,
        "ended": found.ended,
        "counts": found.counts,
        "requests": found.requests,
        "bytes": found.received,
        "seconds": round(found.seconds, 3),
        "error": found.error,
        "advice": found.advice,
    }
