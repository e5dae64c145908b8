"""The posture score of any set of hosts, from 0 to 100: the published formula, version 1.

The words are in `docs/scoring.md`. A host without an open finding has 100. Each finding takes its
part, the more the higher its risk, and none gives anything back::

    host   = 100 x exp(-extent / 10), with the extent of `plumbline.posture.risk`
    scope  = mean of its hosts
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from plumbline.posture import risk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ibis.expr import types as ir

VERSION = 1
BEST = 100.0
SCALE = 10.0
"""The extent at which a host is left with 37 of 100."""
SHOWN_DECIMALS = 1


def host_score(risks: Iterable[float]) -> float:
    """Score of one host from the risks of its open findings, in plain Python."""
    return BEST * math.exp(-sum((one / risk.TOP) ** 4 for one in risks) / SCALE)


def scope_score(hosts: Sequence[Iterable[float]]) -> float | None:
    """Score of some hosts, each told by the risks of its open findings; none without a host."""
    if not hosts:
        return None
    return sum(map(host_score, hosts)) / len(hosts)


def of_hosts(extent: ir.FloatingValue) -> ir.FloatingValue:
    """Exact score of each host; one that has no extent has nothing open."""
    return (-extent / SCALE).exp().fill_null(1.0) * BEST


def shown(score: ir.FloatingValue) -> ir.FloatingValue:
    """A score as it is written everywhere: one decimal."""
    return score.round(SHOWN_DECIMALS)
