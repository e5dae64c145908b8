"""How urgent a finding, a host and a list is, from 0 to 10: the published formula, version 2.

The words are in `docs/scoring.md`; a test recomputes the example there. Each rule stands here
twice, as an expression for the engine and as plain Python, and a test holds the two together.

A finding's risk is its impact, scaled by how likely it is to be used against the host::

    impact      the first that is supplied of VPR, CVSS 4, CVSS 3, CVSS 2; else the middle of the
                severity's band. An informational finding without a score has none: risk 0.
    likelihood  the greatest that is supplied of sqrt(EPSS) and 0.7 for an available exploit (0 for
                none); 1 when it is in the KEV catalogue; 0.5 when nothing is supplied.
    risk        impact x (0.6 + 0.4 x likelihood); KEV adds half of what is left to 10.
                Without impact the risk is 0.

A host is as bad as its worst open finding, and worse by how much more there is, a list likewise::

    extent      sum of (risk / 10) ^ 4
    together    worst + (10 - worst) x 0.5 x (1 - exp(-extent / scale))

A host of which the console tells how critical it is (ACR, 1 to 10) is lifted or lowered by that::

    risk        together + together x (10 - together) / 10 x (ACR - 5) / 10

What the console did not supply is left out, never taken for 0. No finding lowers a risk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from plumbline.domain.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ibis.expr import types as ir

VERSION = 2
TOP = 10.0
CERTAIN_SHARE = 0.6
"""Part of the impact that counts however unlikely an attack is."""
LIKELY_SHARE = 1 - CERTAIN_SHARE
EXPLOIT_LIKELIHOOD = 0.7
UNKNOWN_LIKELIHOOD = 0.5
HALF = 0.5
HOST_SCALE = 10.0
LIST_SCALE = 100.0
USUAL_ACR = 5.0
"""The criticality that changes nothing, as one that is not supplied does not."""
SHOWN_DECIMALS = 2

INPUTS = ("vpr", "cvss4", "cvss3", "cvss2", "epss", "kev", "exploit")
"""Columns of a plugin that its risk is made of."""

MIDPOINTS: dict[Severity, float] = {
    Severity.INFO: 0.0,
    Severity.LOW: 2.0,
    Severity.MEDIUM: 5.5,
    Severity.HIGH: 8.0,
    Severity.CRITICAL: 9.5,
}
"""Middle of each severity's band of CVSS 3 scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What the console supplied about a plugin; None is not supplied."""

    vpr: float | None = None
    cvss4: float | None = None
    cvss3: float | None = None
    cvss2: float | None = None
    epss: float | None = None
    kev: bool | None = None
    exploit: bool | None = None


def finding_risk(severity: Severity, signals: Signals) -> float:
    """Risk of one finding, in plain Python."""
    scores = (signals.vpr, signals.cvss4, signals.cvss3, signals.cvss2)
    score = next((score for score in scores if score is not None), MIDPOINTS[severity])
    impact = min(TOP, max(0.0, score))
    if impact == 0:
        return 0.0
    risk = impact * (CERTAIN_SHARE + LIKELY_SHARE * _likelihood(signals))
    return risk + (TOP - risk) * HALF if signals.kev else risk


def _likelihood(signals: Signals) -> float:
    if signals.kev:
        return 1.0
    supplied = []
    if signals.epss is not None:
        supplied.append(math.sqrt(min(1.0, max(0.0, signals.epss))))
    if signals.exploit is not None:
        supplied.append(EXPLOIT_LIKELIHOOD if signals.exploit else 0.0)
    return max(supplied, default=UNKNOWN_LIKELIHOOD)


def combined_risk(risks: Iterable[float], scale: float) -> float:
    """Risk of what holds these risks together, in plain Python; 0 when there is none."""
    found = list(risks)
    if not found:
        return 0.0
    worst = max(found)
    extent = sum((risk / TOP) ** 4 for risk in found)
    return worst + (TOP - worst) * HALF * (1 - math.exp(-extent / scale))


def weighed_risk(together: float, acr: float | None) -> float:
    """Risk of a host by how critical it is, in plain Python; as it was where that is not told."""
    if acr is None:
        return together
    return (
        together + together * (TOP - together) / TOP * (min(TOP, max(0.0, acr)) - USUAL_ACR) / TOP
    )


def weights(plugins: ir.Table) -> dict[str, ir.FloatingValue]:
    """What a plugin brings to the risk of its findings: `risk = impact x slope + lift`.

    `impact` is null when no score is supplied. The three are made for each plugin and only put
    together for each finding, of which there are a thousand times as many.
    """
    impact = ibis.coalesce(plugins.vpr, plugins.cvss4, plugins.cvss3, plugins.cvss2)
    exploit = ibis.cases((plugins.exploit, EXPLOIT_LIKELIHOOD), (~plugins.exploit, 0.0))
    # Both engines leave nulls out of greatest().
    supplied = ibis.greatest(plugins.epss.clip(0.0, 1.0).sqrt(), exploit)
    share = CERTAIN_SHARE + LIKELY_SHARE * ibis.coalesce(supplied, UNKNOWN_LIKELIHOOD)
    return {
        "impact": impact.clip(0.0, TOP),
        "slope": ibis.cases((plugins.kev, 1 - HALF), else_=share),
        "lift": ibis.cases((plugins.kev, TOP * HALF), else_=0.0),
    }


def of_finding(
    severity: ir.IntegerValue,
    impact: ir.FloatingValue,
    slope: ir.FloatingValue,
    lift: ir.FloatingValue,
) -> ir.FloatingValue:
    """Risk of each finding; all but the severity as `weights` tells them, null without a plugin."""
    middle = ibis.cases(*((severity == int(s), m) for s, m in MIDPOINTS.items() if m), else_=0.0)
    known = ibis.coalesce(impact, middle).nullif(0.0)
    unknown = CERTAIN_SHARE + LIKELY_SHARE * UNKNOWN_LIKELIHOOD
    risk = known * slope.fill_null(unknown) + lift.fill_null(0.0)
    return risk.fill_null(0.0)


def extent(risk: ir.FloatingValue) -> ir.FloatingValue:
    """What one risk adds to the extent of what holds it."""
    part = risk / TOP
    return part * part * part * part


def combined(worst: ir.FloatingValue, extent: ir.FloatingValue, scale: float) -> ir.FloatingValue:
    """Risk from the worst part and the sum of extents; 0 when there is no part."""
    more = HALF * (1 - (-extent / scale).exp())
    return (worst + (TOP - worst) * more).fill_null(0.0)


def weighed(together: ir.FloatingValue, acr: ir.FloatingValue) -> ir.FloatingValue:
    """Risk of each host by how critical it is; as it was where that is not told."""
    lift = (acr.clip(0.0, TOP).fill_null(USUAL_ACR) - USUAL_ACR) / TOP
    return together + together * (TOP - together) / TOP * lift


def shown(risk: ir.FloatingValue) -> ir.FloatingValue:
    """A risk as it is written everywhere: two decimals."""
    return risk.round(SHOWN_DECIMALS)
