"""What changes around the findings: plugin feeds, asset lists, names, added repositories."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from plumbline.domain.finding import Source
from plumbline.emulator.findings import WAS
from plumbline.emulator.hosts import IP_KEY, Host, Repository
from plumbline.emulator.leaving import touched
from plumbline.emulator.scans import just_seen

if TYPE_CHECKING:
    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.plugins import Plugin

MOST_HOSTS = 60_000
FIRST_ADDED_NETWORK = 150
"""Repositories that are added have addresses in networks that no other has: 10.150.0.0 and on."""


def feed(estate: Estate, *, share: float) -> int:
    """A plugin feed arrives: VPR and EPSS of about this share of plugins change, and no sighting.

    Tells how many plugins changed.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share is 0 to 1, not {share}")
    touched: list[int] = []

    def change(view: View) -> View:
        dice = np.random.default_rng((estate.seed, 97, estate.days, view.version))
        shelf = view.stock.plugins
        rated = [place for place, one in enumerate(shelf.items) if one.vpr_score]
        touched.extend(place for place in rated if dice.random() < share)
        for place in touched:
            shelf.replace(place, _rescored(shelf.items[place], dice.random(), int(estate.as_of)))
        rows = view.cumulative
        verbatim = np.where(np.isin(rows.plugin, touched), -1, rows.verbatim)
        return replace(view, cumulative=rows.put(verbatim=verbatim), fed=int(estate.as_of))

    estate.publish(change)
    return len(touched)


def _rescored(plugin: Plugin, luck: float, now: int) -> Plugin:
    return replace(
        plugin,
        vpr_score=f"{0.1 + luck * 9.8:.1f}",
        epss_score=f"{luck**3:.5f}" if plugin.epss_score else "",
        plugin_modified=now,
    )


def redefine(estate: Estate, number: int, fields: dict[str, Any]) -> None:
    """Give an asset list another definition (`typeFields`); its time of change moves.

    Raises:
        ValueError: there is no such list, or it holds all ranges.
    """

    def change(view: View) -> View:
        if number not in {one.id for one in view.lists if one.id}:
            raise ValueError(f"there is no asset list {number} that could be changed")
        now = int(estate.as_of)
        lists = tuple(
            replace(one, fields=fields, modified=now) if one.id == number else one
            for one in view.lists
        )
        return replace(view, lists=lists)

    estate.publish(change)


def rename(estate: Estate, place: int, dns: str, netbios: str | None = None) -> None:
    """A host gets another name at its address, or loses it; all its rows tell that from now on.

    It is what a scan found out, so that `lastVulnUpdate` of its repository moves.

    Raises:
        ValueError: there is no such host.
    """
    if not 0 <= place < len(estate.view.stock.hosts):
        raise ValueError(f"there is no host {place}")

    def change(view: View) -> View:
        shelf = view.stock.hosts
        host = shelf.items[place]
        named = replace(host, dns=dns, netbios=host.netbios if netbios is None else netbios)
        shelf.replace(place, named)
        for source in Source:
            rows = view.findings(source)
            verbatim = np.where(rows.host == place, -1, rows.verbatim)
            view = view.holding(source, rows.put(verbatim=verbatim))
        return replace(view, updated=touched(estate, view, {host.repository.id}))

    estate.publish(change)


def add_repository(estate: Estate, name: str, *, hosts: int) -> Repository:
    """Add a repository with new hosts, each with the findings of one that is there already.

    Raises:
        ValueError: there are too many hosts or repositories, or none to take findings from.
    """
    added: list[Repository] = []

    def change(view: View) -> View:
        every = (*view.repositories, *view.hidden)
        number = max((one.id for one in every), default=0) + 1
        network = FIRST_ADDED_NETWORK + number
        if not 1 <= hosts <= MOST_HOSTS or network > 255 or not len(view.cumulative):  # noqa: PLR2004 - the last network
            raise ValueError(f"a repository of {hosts} hosts cannot be added")
        now = int(estate.as_of) - 900
        made = Repository(id=number, name=name, data_format="IPv4", created=now)
        added.append(made)
        view = _filled(estate, view, [_host(made, network, n) for n in range(hosts)], now)
        seen = tuple(sorted((*view.repositories, made), key=lambda one: one.id))
        return replace(view, repositories=seen, updated=view.updated | {number: now})

    estate.publish(change)
    return added[0]


def _filled(estate: Estate, view: View, hosts: list[Host], now: int) -> View:
    rows = view.cumulative
    models = np.unique(rows.host)
    for order, host in enumerate(hosts):
        place = view.stock.hosts.add(host)
        model = rows.take(rows.host == models[order % len(models)])
        model = model.take(model.flags & WAS == 0).put(host=place)
        found = just_seen(view.stock, model, now)
        estate.record.found(found, now)
        view = replace(view, cumulative=view.cumulative.plus(found))
    return replace(view, cumulative=view.cumulative.ordered())


def _host(repository: Repository, network: int, number: int) -> Host:
    name = f"added{repository.id}-{number:06d}"
    return Host(
        repository=repository,
        ip=f"10.{network}.{number // 250}.{number % 250 + 1}",
        dns=f"{name}.corp.example",
        mac=f"02:00:{repository.id:02x}:00:{number >> 8 & 255:02x}:{number & 255:02x}",
        system="Linux Kernel 6.8 on Ubuntu 24.04",
        identity=IP_KEY,
        uncredentialed=repository.created,
    )
