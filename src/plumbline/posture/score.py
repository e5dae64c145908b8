"""The posture score of any set of hosts, from 0 to 100: the published formula, version 2.

The words are in `docs/scoring.md`. A host without an open finding has 100. Each finding takes its
part, the more the higher its risk, and none gives anything back. Of several hosts the bad ones
weigh more than the good ones: what each lacks to 100 is put together as the root of the mean of
squares, which lies between their mean and the worst of them::

    host   = 100 x exp(-extent), with the extent of `plumbline.posture.risk`
    scope  = 100 - sqrt(mean of (100 - host)^2)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from plumbline.posture import risk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ibis.expr import types as ir

VERSION = 2
BEST = 100.0
SHOWN_DECIMALS = 1


def host_score(risks: Iterable[float]) -> float:
    """Score of one host from the risks of its open findings, in plain Python."""
    return BEST * math.exp(-sum((one / risk.TOP) ** 4 for one in risks))


def scope_score(hosts: Sequence[Iterable[float]]) -> float | None:
    """Score of some hosts, each told by the risks of its open findings; none without a host."""
    if not hosts:
        return None
    lacking = sum((BEST - host_score(risks)) ** 2 for risks in hosts)
    return BEST - math.sqrt(lacking / len(hosts))


def of_hosts(extent: ir.FloatingValue) -> ir.FloatingValue:
    """Exact score of each host; one that has no extent has nothing open."""
    return (-extent).exp().fill_null(1.0) * BEST


def of_scope(extent: ir.FloatingValue) -> ir.FloatingScalar:
    """Exact score of hosts together, by their extents; null without a host."""
    lacks = BEST - of_hosts(extent)
    return BEST - (lacks * lacks).mean().sqrt()


def shown(score: ir.FloatingValue) -> ir.FloatingValue:
    """A score as it is written everywhere: one decimal."""
    return score.round(SHOWN_DECIMALS)
