"""Connections between their value object and their row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from plumbline.domain.connection import (
    Address,
    ClientCertificate,
    Connection,
    ConnectionKind,
    ListFilter,
    ListRequest,
    Manners,
    PluginType,
    Scope,
    Trust,
    TrustKind,
    WasMode,
)
from plumbline.domain.severity import Severity

if TYPE_CHECKING:
    from plumbline.ledger.models import ConnectionRow


def columns(connection: Connection) -> dict[str, Any]:
    """The columns of a row; the proxy without its credentials, a certificate without its key."""
    address, scope, manners = connection.address, connection.scope, connection.manners
    lists = connection.lists
    return {
        "name": connection.name,
        "kind": connection.kind.value,
        "url": address.url,
        "trust_kind": address.trust.kind.value,
        "trust_value": address.trust.value,
        "proxy": address.proxy_shown,
        "no_proxy": list(address.no_proxy),
        "repositories": list(scope.repositories),
        "severities": [int(severity) for severity in scope.severities],
        "asset_lists": list(scope.asset_lists),
        "families": list(scope.families),
        "look_back_days": scope.look_back_days,
        "was": scope.was.value,
        "exclude_repositories": list(scope.exclude_repositories),
        "exclude_families": list(scope.exclude_families),
        "exclude_plugin_types": [one.value for one in scope.exclude_plugin_types],
        "exclude_addresses": list(scope.exclude_addresses),
        "list_filters": []
        if lists.filters == _USUAL_LISTS
        else [one.value for one in lists.filters],
        "list_fields": list(lists.fields),
        "client_certificate": address.client.certificate if address.client else "",
        "page_size": manners.page_size,
        "connect_timeout": manners.connect_timeout,
        "read_timeout": manners.read_timeout,
        "retries": manners.retries,
        "requests_per_hour": manners.requests_per_hour,
    }


_USUAL_LISTS = ListRequest().filters


def connection_of(row: ConnectionRow, proxy_user: str = "", client_key: str = "") -> Connection:
    """The value object of a row, its proxy and its client certificate with these secrets."""
    pem = row.client_certificate
    return Connection(
        name=row.name,
        kind=ConnectionKind(row.kind),
        address=Address(
            url=row.url,
            trust=Trust(kind=TrustKind(row.trust_kind), value=row.trust_value),
            proxy=_with_user(row.proxy, proxy_user),
            no_proxy=tuple(row.no_proxy),
            client=ClientCertificate(certificate=pem, key=client_key) if pem else None,
        ),
        scope=Scope(
            repositories=tuple(row.repositories),
            severities=tuple(map(Severity, row.severities)),
            asset_lists=tuple(row.asset_lists),
            families=tuple(row.families),
            look_back_days=row.look_back_days,
            was=WasMode(row.was),
            exclude_repositories=tuple(row.exclude_repositories),
            exclude_families=tuple(row.exclude_families),
            exclude_plugin_types=tuple(map(PluginType, row.exclude_plugin_types)),
            exclude_addresses=tuple(row.exclude_addresses),
        ),
        lists=ListRequest(
            filters=tuple(map(ListFilter, row.list_filters)) or _USUAL_LISTS,
            fields=tuple(row.list_fields),
        ),
        manners=Manners(
            page_size=row.page_size,
            connect_timeout=row.connect_timeout,
            read_timeout=row.read_timeout,
            retries=row.retries,
            requests_per_hour=row.requests_per_hour,
        ),
    )


def reads(connection: Connection) -> dict[str, Any]:
    """What a connection reads, in the form programs are promised."""
    scope, lists = connection.scope, connection.lists
    return {
        "repositories": scope.repositories,
        "severities": [severity.word for severity in scope.severities],
        "asset_lists": scope.asset_lists,
        "families": scope.families,
        "look_back_days": scope.look_back_days,
        "was": scope.was.removesuffix("Was"),
        "exclude_repositories": scope.exclude_repositories,
        "exclude_families": scope.exclude_families,
        "exclude_plugin_types": scope.exclude_plugin_types,
        "exclude_addresses": scope.exclude_addresses,
        "list_filters": lists.filters,
        "list_fields": lists.fields,
    }


def proxy_user(connection: Connection) -> str:
    """User and password of the proxy as they stand in its address; empty without."""
    return urlsplit(connection.address.proxy).netloc.rpartition("@")[0]


def _with_user(proxy: str, user: str) -> str:
    if not user:
        return proxy
    parts = urlsplit(proxy)
    return urlunsplit((parts.scheme, f"{user}@{parts.netloc}", parts.path, "", ""))
