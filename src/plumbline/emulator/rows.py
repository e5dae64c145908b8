"""Findings written as the rows of `vulndetails` and `listvuln`."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST
from plumbline.emulator.wire import PROTOCOLS, SEVERITIES, dump, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.emulator.estate import Stock
    from plumbline.emulator.findings import Findings, Ints

HOST_MARK = b"\x01"
"""Where an output names its host; a control character cannot stand in written JSON otherwise."""

ACCEPT_COMMENT = "Accepted until the next maintenance window."
RECAST_COMMENT = "Lowered: reachable from the management network only."

_SEVERITY = tuple(members({"severity": severity}) for severity in SEVERITIES)
_COLUMNS = ("host", "plugin", "text", "port", "protocol", "severity", "flags", "accept", "recast")
LISTED = (
    "pluginID",
    "severity",
    "vprScore",
    "vprContext",
    "ip",
    "uuid",
    "port",
    "protocol",
    "name",
    "dnsName",
    "macAddress",
    "netbiosName",
    "uniqueness",
    "hostUniqueness",
    "hostUUID",
    "acrScore",
    "assetExposureScore",
    "recastRiskRuleComment",
    "acceptRiskRuleComment",
    "family",
    "repository",
    "pluginInfo",
)


def details(stock: Stock, findings: Findings, places: Ints) -> Iterator[bytes]:
    """Write rows of `vulndetails`, in the order of the places given."""
    chosen = findings.take(places)
    columns = (getattr(chosen, name).tolist() for name in _COLUMNS)
    times = (chosen.first.tolist(), chosen.last.tolist(), chosen.verbatim.tolist())
    plugin_at, host_at, texts = stock.plugins.pieces, stock.hosts.pieces, stock.texts
    marks = zip(*columns, strict=True)
    for mark, (first, last, verbatim) in zip(marks, zip(*times, strict=True), strict=True):
        host, plugin, text, port, protocol, severity, flags, accept, recast = mark
        if verbatim >= 0:
            yield stock.verbatim[verbatim]
            continue
        check, owner, output = plugin_at(plugin), host_at(host), texts[text]
        if HOST_MARK in output:
            output = output.replace(HOST_MARK, owner.shown_ip)
        yield b"".join(
            (
                check.id,
                _SEVERITY[severity],
                check.rating,
                _flags(flags),
                owner.address,
                _service(port, protocol),
                check.name,
                b'"firstSeen":"%d","lastSeen":"%d",' % (first, last),
                check.details,
                b'"pluginText":',
                output,
                b",",
                owner.names,
                _comments(stock, flags, accept, recast),
                owner.identity,
                _identifier(owner.seed, plugin, port, protocol),
                owner.uniqueness,
                check.family,
                owner.repository,
                check.info_head,
                b"(%d\\/%d)" % (port, protocol),
                check.info_tail,
            )
        )


def listed(stock: Stock, findings: Findings, places: Ints) -> Iterator[bytes]:
    """Write rows of `listvuln`, in the order of the places given."""
    chosen = findings.take(places)
    columns = (getattr(chosen, name).tolist() for name in _COLUMNS)
    for host, plugin, _, port, protocol, severity, flags, accept, recast, verbatim in zip(
        *columns, chosen.verbatim.tolist(), strict=True
    ):
        if verbatim >= 0:
            yield _shortened(stock.verbatim[verbatim])
            continue
        check, owner = stock.plugins.pieces(plugin), stock.hosts.pieces(host)
        yield b"".join(
            (
                check.id,
                _SEVERITY[severity],
                check.rating,
                owner.address,
                _service(port, protocol),
                check.listed_name,
                owner.listed_names,
                owner.listed_identity,
                _comments(stock, flags, accept, recast),
                check.family,
                owner.repository,
                check.info_head,
                b"(%d\\/%d)" % (port, protocol),
                check.info_tail,
            )
        )


def _shortened(row: bytes) -> bytes:
    whole = json.loads(row)
    whole["name"] = whole.get("pluginName", "")
    return dump({name: whole[name] for name in LISTED if name in whole})


@lru_cache
def _flags(flags: int) -> bytes:
    return members(
        {
            "hasBeenMitigated": str(int(bool(flags & BEEN_MITIGATED))),
            "acceptRisk": str(int(bool(flags & ACCEPTED))),
            "recastRisk": str(int(bool(flags & RECAST))),
        }
    )


def comment_of(stock: Stock, kind: str, place: int) -> str:
    """The comment of the rule in this place; place 0 is a rule as old as the estate."""
    if place:
        return stock.comments[place]
    return ACCEPT_COMMENT if kind == "accepted" else RECAST_COMMENT


def _comments(stock: Stock, flags: int, accept: int, recast: int) -> bytes:
    accepted = comment_of(stock, "accepted", accept) if flags & ACCEPTED else ""
    return _commented(accepted, comment_of(stock, "recast", recast) if flags & RECAST else "")


@lru_cache(maxsize=4096)
def _commented(accepted: str, recast: str) -> bytes:
    return members({"recastRiskRuleComment": recast, "acceptRiskRuleComment": accepted})


@lru_cache(maxsize=4096)
def _service(port: int, protocol: int) -> bytes:
    return members({"port": str(port), "protocol": PROTOCOLS.get(protocol, str(protocol))})


def _identifier(seed: bytes, plugin: int, port: int, protocol: int) -> bytes:
    """`vulnUUID`: the same for the same finding, scan after scan."""
    if not seed:
        return b'"vulnUUID":"",'
    return b'"vulnUUID":"%s",' % vuln_uuid(seed, plugin, port, protocol).encode()


def vuln_uuid(seed: bytes, plugin: int, port: int, protocol: int) -> str:
    """The identifier that a universal repository gives a finding."""
    digest = hashlib.blake2b(seed + b"%d,%d,%d" % (plugin, port, protocol), digest_size=16).digest()
    return str(UUID(bytes=digest))
