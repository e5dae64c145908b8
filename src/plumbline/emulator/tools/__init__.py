"""The tools of an analysis: each turns the rows that passed the filters into an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.emulator.tools.detail import cross_hosts, ip_list, systems, vulnerable_hosts
from plumbline.emulator.tools.remedy import remedies
from plumbline.emulator.tools.sums import (
    by_asset,
    by_cross_reference,
    by_family,
    by_host,
    by_name,
    by_network,
    by_plugin,
    by_port,
    by_protocol,
    by_severity,
)
from plumbline.emulator.tools.tally import Bare, Rows, Table, Tally
from plumbline.emulator.tools.trend import trend

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = Rows | Table | Bare

TOOLS: dict[str, Callable[[Tally], Answer]] = {
    "vulndetails": lambda tally: Rows(tally=tally, listed=False),
    "listvuln": lambda tally: Rows(tally=tally, listed=True),
    "sumseverity": by_severity,
    "sumip": by_host,
    "sumid": by_plugin,
    "sumasset": by_asset,
    "sumfamily": by_family,
    "sumport": by_port,
    "sumprotocol": by_protocol,
    "sumdnsname": by_name,
    "sumclassa": by_network(8, 16),
    "sumclassb": by_network(16, 32),
    "sumclassc": by_network(24, 64),
    "sumcve": by_cross_reference("cveID"),
    "sumiavm": by_cross_reference("iavmID"),
    "summsbulletin": by_cross_reference("msbulletinID"),
    "sumcce": by_cross_reference("cceID"),
    "sumremediation": remedies,
    "cveipdetail": cross_hosts("cveID"),
    "iavmipdetail": cross_hosts("iavmID"),
    "cceipdetail": cross_hosts("cceID"),
    "vulnipdetail": vulnerable_hosts(summary=False),
    "vulnipsummary": vulnerable_hosts(summary=True),
    "iplist": ip_list,
    "listos": systems,
    "trend": trend,
}
EMPTY = frozenset(
    (
        "listmailclients",
        "listservices",
        "listsoftware",
        "listsshservers",
        "listwebclients",
        "listwebservers",
        "sumuserresponsibility",
        "sumwasurl",
        "waslistvuln",
        "wasvulndetail",
    )
)
"""Tools that the console has and that find nothing here."""

__all__ = ["EMPTY", "TOOLS", "Answer", "Bare", "Rows", "Table", "Tally"]
