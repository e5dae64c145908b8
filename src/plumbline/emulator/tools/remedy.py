"""`sumremediation`: what to do, and how much of the score it would take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.emulator.tools.tally import Table, Tally, scored

if TYPE_CHECKING:
    from plumbline.emulator.findings import Findings
    from plumbline.emulator.plugins import Plugin

NOTHING_TO_DO = ("", "n/a")


def remedies(tally: Tally) -> Table:
    """A row for each solution; the plugins that share it are its remediation list."""
    plugins, rows = tally.scope.view.stock.plugins.items, tally.rows
    all_scored = scored(tally.severities())
    groups: dict[str, list[int]] = {}
    having = tally.split(rows.plugin)
    for place in having:
        if plugins[place].solution.strip().lower() not in NOTHING_TO_DO:
            groups.setdefault(plugins[place].solution, []).append(place)
    results = []
    for solution, places in groups.items():
        chosen = rows.take(np.concatenate([having[place] for place in places]))
        fixed = [plugins[place] for place in places]
        results.append(_remedy(solution, fixed, chosen, all_scored))
    results.sort(key=lambda row: -int(row["score"]))
    hosts = len(np.unique(rows.host))
    elements = f"{all_scored['total']}:0:0:0:0:0:{all_scored['score']}:{hosts}"
    return Table(results=results, elements=elements)


def _remedy(
    solution: str, plugins: list[Plugin], chosen: Findings, whole: dict[str, str]
) -> dict[str, Any]:
    sums = scored(np.bincount(chosen.severity, minlength=5))
    newest = max(plugins, key=lambda plugin: plugin.id)
    return {
        "pluginID": str(newest.id),
        "cpe": newest.cpe,
        "solution": solution,
        "remediationList": ",".join(str(plugin.id) for plugin in reversed(plugins)),
        "total": sums["total"],
        "totalPctg": _percent(sums["total"], whole["total"]),
        "score": sums["score"],
        "scorePctg": _percent(sums["score"], whole["score"]),
        "hostTotal": str(len(np.unique(chosen.host))),
        "msbulletinTotal": str(len({x for p in plugins for x in p.xrefs if x.startswith("MSFT")})),
        "cveTotal": str(len({cve for plugin in plugins for cve in plugin.cves})),
        "solutionID": str(newest.id),
        "vprScore": newest.vpr_score,
        "cvssV3BaseScore": newest.v3_base_score,
    }


def _percent(part: str, whole: str) -> str:
    return f"{100 * int(part) / int(whole):.2f}%" if int(whole) else "0.00%"
