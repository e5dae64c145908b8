"""Scans that are not of today: one that lay about before it was imported, one that took days."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator import rules
from plumbline.emulator.evolution import DAY, Evolution, imported, owners
from plumbline.emulator.scans import Scan, Timing

if TYPE_CHECKING:
    from plumbline.emulator.estate import Estate, View


def late(estate: Estate, days: int, *, repository: int | None = None) -> Evolution:
    """Import a scan that ended days ago: its times lie back, `lastVulnUpdate` moves now.

    It finds, confirms and fixes what no later scan has told about; it brings nothing back. Without
    a repository one is drawn.

    Raises:
        ValueError: the scan is not in the past, or the repository holds nothing.
    """
    if days < 1:
        raise ValueError(f"a late scan ended one day ago or more, not {days}")
    timing = Timing(end=int(estate.as_of) - days * DAY - 1_200)
    return _import(estate, timing, repository, back=False)


def long(estate: Estate, hours: int, *, repository: int | None = None) -> Evolution:
    """Import a scan that took hours: each host was seen at its own time within them.

    Raises:
        ValueError: it took no time, or the repository holds nothing.
    """
    if hours < 1:
        raise ValueError(f"a long scan takes one hour or more, not {hours}")
    timing = Timing(end=int(estate.as_of) - 600, length=hours * 3_600)
    return _import(estate, timing, repository, back=True)


def _import(estate: Estate, timing: Timing, repository: int | None, *, back: bool) -> Evolution:
    change = Evolution(days=0)

    def run(view: View) -> View:
        dice = np.random.default_rng((estate.seed, 98, estate.days, view.version))
        owner = owners(view)
        there = np.unique(owner[view.cumulative.host])
        if repository is not None and repository not in there:
            raise ValueError(f"repository {repository} holds nothing that could be scanned")
        chosen = int(dice.choice(there)) if repository is None else repository
        scan = Scan(dice, view, timing, np.flatnonzero(owner == chosen), estate.record)
        scan.look(change, back=back)
        change.repositories = [chosen]
        view = imported(view, scan, chosen, int(estate.as_of))
        rows = view.cumulative.ordered()
        return rules.renew(estate, replace(view, cumulative=rows, patched=view.patched.ordered()))

    estate.publish(run)
    return change
