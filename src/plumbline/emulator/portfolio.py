"""The asset lists of an invented estate: one of every type, some that hold nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from plumbline.emulator.lists import ALL_RANGES, AssetList

if TYPE_CHECKING:
    from plumbline.emulator.hosts import Host

DAY = 86_400


def all_defined_ranges() -> AssetList:
    """The list that every console has, with id 0."""
    return AssetList(
        id=ALL_RANGES,
        name="All Defined Ranges",
        kind="static",
        fields={"definedIPs": "0.0.0.0/0,::/0"},
        description="All defining ranges of the Group in whose context this Asset is evaluated.",
        style="ranges",
    )


def _clause(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {
        "type": "clause",
        "filterName": name,
        "operator": operator,
        "value": value,
        "pluginIDConstraint": "-1",
    }


def _rules(operator: str, *children: dict[str, Any]) -> dict[str, Any]:
    return {"rules": {"operator": operator, "type": "group", "children": list(children)}}


def _operand(number: int, name: str) -> dict[str, Any]:
    return {"id": str(number), "name": name, "description": "", "uuid": ""}


def _combined(operator: str, *operands: dict[str, Any]) -> dict[str, Any]:
    numbered = {f"operand{place}": one for place, one in enumerate(operands, start=1)}
    return {"operator": operator, **numbered}


_SERVERS = "10.10.0.0/16"
_DNS = "servers-000000.corp.example,SERVERS-000006.corp.example,gone.corp.example"
_LDAP = {
    "searchBase": "dc=corp,dc=example",
    "searchString": "(objectClass=computer)",
    "ldap": {"id": "1", "name": "Directory", "description": ""},
}

_TABLE: tuple[dict[str, Any], ...] = (
    {
        "name": "Data centre",
        "kind": "static",
        "fields": {"definedIPs": _SERVERS},
        "tags": "owner:infra",
    },
    {
        "name": "Finance",
        "kind": "static",
        "fields": {"definedIPs": "10.10.0.1-10.10.0.40,10.20.0.1-90,10.40.0.4,10.20.0.8/29"},
        "tags": "owner:finance",
        "style": "ranges",
    },
    {
        "name": "Data centre v6",
        "kind": "static",
        "fields": {"definedIPs": "2001:db8:a::/64,2001:db8:ffff::1-2001:db8:ffff::9"},
        "style": "bare",
    },
    {"name": "Named servers", "kind": "dnsname", "fields": {"definedDNSNames": _DNS}},
    {
        "name": "Linux hosts",
        "kind": "dynamic",
        "fields": _rules("all", _clause("os", "contains", "Linux")),
    },
    {
        "name": "Windows hosts",
        "kind": "dynamic",
        "fields": _rules(
            "any", _clause("os", "contains", "Windows"), _clause("netbiosworkgroup", "eq", "CORP")
        ),
    },
    {
        "name": "With critical findings",
        "kind": "dynamic",
        "fields": _rules(
            "all", _clause("severity", "eq", {"id": "4"}), _clause("ip", "eq", "0.0.0.0/0")
        ),
        "style": "bare",
    },
    {
        "name": "Windows in the data centre",
        "kind": "combination",
        "fields": {
            "combinations": _combined(
                "intersection", _operand(1, "Data centre"), _operand(6, "Windows hosts")
            )
        },
    },
    {
        "name": "Everything but Linux and finance",
        "kind": "combination",
        "fields": {
            "combinations": _combined(
                "complement",
                _operand(0, "All Defined Ranges"),
                _combined("union", _operand(5, "Linux hosts"), _operand(2, "Finance")),
            )
        },
        "style": "ranges",
    },
    {
        "name": "Directory computers",
        "kind": "ldapquery",
        "fields": {"definedLDAPQuery": _LDAP},
        "found": ("workstations-000001.corp.example", "servers-000000.corp.example"),
    },
    {"name": "Suspects", "kind": "watchlist", "fields": {"definedIPs": "10.20.0.2,203.0.113.9"}},
    {
        "name": "Uploaded inventory",
        "kind": "upload",
        "fields": {"definedIPs": "10.10.0.1\n10.10.0.7\r\n10.10.0.9 - 10.10.0.12\n"},
    },
    {
        "name": "Uploaded names",
        "kind": "dnsnameupload",
        "fields": {"definedDNSNames": "agents-000002.corp.example\n"},
    },
    {"name": "Decommissioned", "kind": "static", "fields": {"definedIPs": "198.51.100.0/24"}},
    {
        "name": "Just created",
        "kind": "static",
        "fields": {"definedIPs": "10.30.0.0/16"},
        "prepared": False,
    },
    {
        "name": "Universal network \u2013 b\u00fcro",
        "kind": "static",
        "fields": {"definedIPs": "10.40.0.0/16"},
    },
)


def invented_lists(now: int) -> tuple[AssetList, ...]:
    """Asset lists of every type, numbered from 1, after the one that holds everything."""
    named = (
        AssetList(id=number, created=now - 400 * DAY, modified=now - number * DAY, **row)
        for number, row in enumerate(_TABLE, start=1)
    )
    return (all_defined_ranges(), *named)


def file_lists(hosts: list[Host], now: int) -> tuple[AssetList, ...]:
    """Asset lists for an estate read from files: everything, one by address, one by system."""
    first = ",".join(sorted({host.ip for host in hosts})[:10])
    named = AssetList(id=1, name="First hosts", kind="static", fields={"definedIPs": first})
    linux = _rules("all", _clause("os", "contains", "Linux"))
    systems = AssetList(id=2, name="Linux hosts", kind="dynamic", fields=linux)
    return tuple(
        replace(one, created=now - DAY, modified=now - DAY)
        for one in (all_defined_ranges(), named, systems)
    )
