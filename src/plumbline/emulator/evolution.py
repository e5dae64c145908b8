"""Days that pass: scans find new things, confirm old ones fixed, and hosts come, go and move."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator import churn, rules
from plumbline.emulator.findings import WAS, Findings
from plumbline.emulator.machines import sightings
from plumbline.emulator.scans import Scan, Timing

if TYPE_CHECKING:
    from numpy.random import Generator as Dice

    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.findings import Ints

DAY = 86_400


@dataclass(slots=True, kw_only=True)
class Evolution:
    """What changed in some days, in findings and hosts."""

    days: int
    repositories: list[int] = field(default_factory=list)
    """Ids of the repositories that were scanned; all others are untouched."""
    new: int = 0
    fixed: int = 0
    returned: int = 0
    vanished: int = 0
    moved_hosts: int = 0
    new_hosts: int = 0


def evolve(estate: Estate, days: int, *, share: float | None, reach: float) -> Evolution:
    """Move an estate on by days and publish the result at once.

    With a share, just that part of the open findings changes each day: see `churn`.
    """
    if days < 1:
        raise ValueError(f"an estate moves on by one day or more, not by {days}")
    change = Evolution(days=days)

    def advance(view: View) -> View:
        for _ in range(days):
            dice = _next_day(estate)
            if share is None:
                view = _one_day(estate, view, change, dice)
            else:
                view = churn.one_day(estate, view, change, churn.Churn(dice, share, reach))
            view = rules.renew(estate, view)
        return view

    estate.publish(advance)
    return change


def _next_day(estate: Estate) -> Dice:
    dice = np.random.default_rng((estate.seed, 99, estate.days))
    estate.days += 1
    estate.as_of += DAY
    return dice


def _one_day(estate: Estate, view: View, change: Evolution, dice: Dice) -> View:
    hosts = view.stock.hosts.items
    owner = owners(view)
    leased = {host.repository.id for host in hosts if host.mobile}
    scanned = _scanned_today(dice, np.unique(owner[view.cumulative.host]), leased)
    change.repositories = sorted({*change.repositories, *scanned})
    for repository in scanned:
        moment = int(estate.as_of) - 3_600 - 60 * repository
        ours = np.flatnonzero(owner == repository)
        scan = Scan(dice, view, Timing(end=moment), ours, estate.record)
        scan.run(change)
        view = imported(view, scan, repository, moment)
    view = _arrivals(estate, view, scanned, change)
    return replace(view, cumulative=view.cumulative.ordered(), patched=view.patched.ordered())


def owners(view: View) -> Ints:
    """The repository of each host, by place."""
    hosts = view.stock.hosts.items
    return np.fromiter((h.repository.id for h in hosts), dtype=np.int64, count=len(hosts))


def imported(view: View, scan: Scan, repository: int, moment: int) -> View:
    """The view with what a scan left, and `lastVulnUpdate` of its repository moved."""
    updated = view.updated | {repository: max(moment, view.updated.get(repository, 0) + 1)}
    return replace(view, cumulative=scan.cumulative, patched=scan.patched, updated=updated)


def _scanned_today(dice: Dice, repositories: Ints, leased: set[int]) -> list[int]:
    """More than half of the repositories, not all where there are several; DHCP ones every day."""
    order = sorted(dice.permutation(repositories).tolist(), key=lambda place: place not in leased)
    most = max(1, len(order) - 1)
    return sorted(order[: min(most, max(1, round(len(order) * 0.6)))])


def _arrivals(estate: Estate, view: View, scanned: list[int], change: Evolution) -> View:
    """New machines in the repositories that were scanned; each has what a neighbour has."""
    wanted = -(-estate.machines // 100) if estate.machines else 0
    moment = int(estate.as_of) - 1_800
    numbers = range(estate.machines, estate.machines + 3 * wanted)
    estate.machines = numbers.stop
    models = _neighbours(view)
    parts: list[Findings] = []
    updated = dict(view.updated)
    known = (*view.repositories, *view.hidden)
    for one in sightings(numbers, seed=estate.seed, now=moment, repositories=known):
        repository = one.host.repository.id
        model = models.get(repository)
        if repository not in scanned or one.share < 1 or model is None or not wanted:
            continue
        wanted -= 1
        change.new_hosts += 1
        place = view.stock.hosts.add(one.host)
        parts.append(model.put(host=place, first=moment, last=moment, flags=model.flags & WAS))
        updated[repository] = max(moment, updated[repository])
    arrived = Findings.joined([Findings.empty(), *parts]).put(verbatim=-1, accept=0, recast=0)
    estate.record.found(arrived, moment)
    change.new += len(arrived)
    return replace(view, cumulative=view.cumulative.plus(arrived), updated=updated)


def _neighbours(view: View) -> dict[int, Findings]:
    """The open findings of the first host of each repository that has any."""
    owner = owners(view)
    there = np.unique(view.cumulative.host)
    places = there[np.unique(owner[there], return_index=True)[1]]
    rows = view.cumulative.take(np.isin(view.cumulative.host, places))
    return {int(owner[place]): rows.take(rows.host == place) for place in places.tolist()}
