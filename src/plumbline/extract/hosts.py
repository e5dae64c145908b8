"""Hosts as the console sums them up (tool `sumip`): seen hosts without a finding in scope too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from plumbline.domain.identity import alias_key
from plumbline.domain.normalise import times
from plumbline.extract.sheet import STAGED, Sheet
from plumbline.extract.told import addresses_of, written
from plumbline.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.console.wire import HostRow

_COLUMNS = (
    ("ip", "ip"),
    ("dns_name", "dns_name"),
    ("netbios_name", "netbios_name"),
    ("mac", "mac_address"),
    ("uuid", "uuid"),
    ("host_uuid", "host_uuid"),
    ("acr", "acr_score"),
    ("aes", "asset_exposure_score"),
)


def host_aliases(
    console: str, repository_id: int, rows: Iterable[HostRow], latest: int = times.LATEST
) -> pa.Table:
    """Rows of `sumip` as aliases, with whether the last scan had credentials.

    `latest` is the last second in which anything can have been seen. What is odd is not counted:
    hosts with findings are told there, too.
    """
    told = list(rows)
    names = [written(row.host_uniqueness) or written(row.uniqueness) for row in told]
    sheet = Sheet(console, told, latest)
    keys = [_key(console, repository_id, n, r) for n, r in zip(names, told, strict=True)]
    sheet.put("alias", pa.array(keys, pa.string()))
    sheet.put("repository_id", pa.repeat(pa.scalar(repository_id, pa.int64()), len(told)))
    sheet.read_all(_COLUMNS, told)
    sheet.read("host_uniqueness", names, "hostUniqueness")
    sheet.put("ips", pa.array([addresses_of(r.ip) for r in told], Kind.TEXTS.arrow))
    runs = [
        tuple(times.moment(run, latest=latest).value or 0 for run in pair)
        for pair in ((row.last_auth_run, row.last_unauth_run) for row in told)
    ]
    sheet.put("credentialed", pa.array([_credentialed(*run) for run in runs], pa.bool_()))
    sheet.read("last_seen", [max(run) or None for run in runs], "lastAuthRun")
    return sheet.table_with_nulls(STAGED["aliases"])


def _key(console: str, repository_id: int, uniqueness: str, row: HostRow) -> str:
    host = {
        "repository.id": str(repository_id),
        "ip": written(row.ip),
        "dnsName": written(row.dns_name),
        "macAddress": written(row.mac_address),
        "netbiosName": written(row.netbios_name),
        "uuid": written(row.uuid),
        "hostUUID": written(row.host_uuid),
    }
    return alias_key(console, uniqueness, host)


def _credentialed(with_credentials: int, without: int) -> bool | None:
    if not with_credentials and not without:
        return None
    return with_credentials >= without
