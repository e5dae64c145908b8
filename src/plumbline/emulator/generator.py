"""An invented estate: machines, plugins, and the findings that join them, drawn with numpy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator import prose
from plumbline.emulator.catalogue import Check, Reach, invent
from plumbline.emulator.estate import DAY, Estate, Stock, View
from plumbline.emulator.findings import ACCEPTED, BEEN_MITIGATED, RECAST, WAS, Findings, among
from plumbline.emulator.machines import Place, Sighting, repositories, sightings
from plumbline.emulator.portfolio import invented_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator as Dice
    from numpy.typing import NDArray

    from plumbline.emulator.findings import Bools, Ints

INFORMATIONAL = 0.75
"""Share of findings that only inform, as in the recorded consoles."""
PATCHED = 0.15
"""Rows among the mitigated for each open one."""
BACK_SHARE, ACCEPTED_SHARE, RECAST_SHARE = 0.03, 0.02, 0.01
MOST_PLUGINS = 2_900
OUTPUTS_A_PLUGIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """The invented checks as columns, so that findings can be drawn by the thousand."""

    checks: Sequence[Check]
    severity: Ints
    weight: NDArray[np.float64]
    reach: NDArray[np.object_]
    first_text: Ints
    texts: Ints
    """How many outputs each check has to choose from."""

    def chances(self, system: Reach, *, informational: bool) -> NDArray[np.float64]:
        """How likely each check is on a system of this kind."""
        common = () if system is Reach.WAS else (Reach.ANY.value,)
        fits = np.isin(self.reach, (*common, system.value))
        weights = np.where(fits & ((self.severity == 0) == informational), self.weight, 0.0)
        return np.asarray(weights / weights.sum(), dtype=np.float64)


def generate(*, hosts: int, seed: int, findings_per_host: float, now: float) -> Estate:
    """Invent an estate of so many machines."""
    moment = int(now)
    dice = np.random.default_rng((seed, 17))
    stock = Stock()
    kinds = repositories(moment)
    seen = list(sightings(range(hosts), seed=seed, now=moment, repositories=kinds))
    for sighting in seen:
        stock.hosts.add(sighting.host)
    menu = make_menu(stock, plugins=min(MOST_PLUGINS, 300 + 6 * hosts), seed=seed, now=moment)
    total = round(hosts * findings_per_host)
    drawn = _draw_all(dice, menu, seen, _shares(seen, total))
    cumulative = _age(dice, _mark(dice, _was(dice, menu, seen, drawn), menu), seen, moment)
    cumulative = _enlarge(stock, cumulative.ordered(), hosts)
    old = _draw_all(dice, menu, seen, _shares(seen, round(total * PATCHED)))
    view = View(
        stock=stock,
        cumulative=cumulative,
        patched=_mitigate(dice, _without(old, cumulative), moment).ordered(),
        repositories=kinds,
        updated={kind.id: moment - 3_600 * kind.id for kind in kinds},
        lists=invented_lists(moment),
    )
    estate = Estate(view, as_of=now, seed=seed)
    estate.machines = hosts
    return estate


def make_menu(stock: Stock, *, plugins: int, seed: int, now: int) -> Menu:
    """Invent the checks and their outputs and put them on the shelves."""
    checks = invent(plugins, seed=seed, now=now)
    first = []
    for check in checks:
        stock.plugins.add(check.plugin)
        first.append(len(stock.texts))
        stock.texts.extend(_outputs(check, len(first)))
    ends = [*first[1:], len(stock.texts)]
    return Menu(
        checks=checks,
        severity=np.array([check.plugin.severity for check in checks]),
        weight=np.array([check.weight for check in checks]),
        reach=np.array([check.reach.value for check in checks], dtype=object),
        first_text=np.array(first),
        texts=np.array([end - start for start, end in zip(first, ends, strict=True)]),
    )


def draw(
    dice: Dice, menu: Menu, targets: dict[int, int], system: Reach, *, inform: bool
) -> Findings:
    """Draw about so many different findings for each host (by place) of one kind of system."""
    hosts = np.array(list(targets), dtype=np.int64)
    wanted = np.array(list(targets.values()), dtype=np.int64)
    tries = np.repeat(hosts, wanted * 3 + 40 * (wanted > 0))
    if not len(tries):
        return Findings.empty()
    plugin = dice.choice(
        len(menu.checks), size=len(tries), p=menu.chances(system, informational=inform)
    )
    port, protocol = _ports(dice, menu, plugin)
    text = menu.first_text[plugin] + dice.integers(0, menu.texts[plugin])
    rows = Findings.of(
        host=tries,
        plugin=plugin,
        text=text,
        port=port,
        protocol=protocol,
        severity=menu.severity[plugin],
    )
    rows = rows.take(np.unique(rows.keys(), return_index=True)[1])
    return _first_of_each(dice, rows, np.repeat(hosts, wanted))


def _first_of_each(dice: Dice, rows: Findings, wanted: Ints) -> Findings:
    """As many rows of each host as it is named in `wanted`; what one lacks, others give."""
    rows = rows.take(dice.permutation(len(rows)))
    rows = rows.take(np.argsort(rows.host, kind="stable"))
    _, start = np.unique(rows.host, return_index=True)
    sizes = np.diff(np.append(start, len(rows)))
    rank = np.arange(len(rows)) - np.repeat(start, sizes)
    quota = np.bincount(wanted, minlength=int(rows.host.max()) + 1)
    chosen: Bools = rank < quota[rows.host]
    spare = np.flatnonzero(~chosen)
    chosen[spare[: len(wanted) - int(chosen.sum())]] = True
    return rows.take(chosen)


def _ports(dice: Dice, menu: Menu, plugin: Ints) -> tuple[Ints, Ints]:
    table = np.zeros((len(menu.checks), 4, 2), dtype=np.int32)
    for place, check in enumerate(menu.checks):
        for slot in range(4):
            table[place, slot] = check.ports[slot % len(check.ports)]
    picked = table[plugin, dice.integers(0, 4, len(plugin))]
    return picked[:, 0], picked[:, 1]


def _shares(seen: Sequence[Sighting], total: int) -> list[int]:
    """Findings for each sighting, in proportion to its share, adding up to the total."""
    ends = np.cumsum([sighting.share for sighting in seen])
    if not len(ends):
        return []
    steps = np.rint(ends / ends[-1] * total).astype(int)
    return np.diff(np.insert(steps, 0, 0)).tolist()  # type: ignore[no-any-return]


def _draw_all(dice: Dice, menu: Menu, seen: Sequence[Sighting], shares: list[int]) -> Findings:
    drawn = Findings.empty()
    for system in (Reach.LINUX, Reach.WINDOWS):
        places = [
            n
            for n, s in enumerate(seen)
            if ("Windows" in s.host.system) == (system is Reach.WINDOWS)
        ]
        inform = {place: round(shares[place] * INFORMATIONAL) for place in places}
        flaws = {place: shares[place] - inform[place] for place in places}
        drawn = drawn.plus(draw(dice, menu, inform, system, inform=True))
        drawn = drawn.plus(draw(dice, menu, flaws, system, inform=False))
    return drawn


def _was(dice: Dice, menu: Menu, seen: Sequence[Sighting], drawn: Findings) -> Findings:
    """Findings of web application scans beside the others, in the universal repository."""
    places = [n for n, s in enumerate(seen) if s.host.repository.id == Place.UNIVERSAL]
    some = dict.fromkeys(places[::2], 2)
    for inform in (True, False):
        drawn = drawn.plus(draw(dice, menu, some, Reach.WAS, inform=inform).put(flags=WAS))
    return drawn


def _mark(dice: Dice, rows: Findings, menu: Menu) -> Findings:
    """Come back, accepted and recast: a few of each among the findings that count."""
    chance = dice.random(len(rows))
    counts = rows.severity > 0
    recast: Bools = counts & (chance > 1 - RECAST_SHARE)
    flags = rows.flags.copy()
    flags[counts & (chance < BACK_SHARE)] |= BEEN_MITIGATED
    flags[counts & (abs(chance - 0.5) < ACCEPTED_SHARE / 2)] |= ACCEPTED
    flags[recast] |= RECAST
    severity = np.where(recast, menu.severity[rows.plugin] - 1, rows.severity)
    return rows.put(flags=flags, severity=severity)


def _age(dice: Dice, rows: Findings, seen: Sequence[Sighting], now: int) -> Findings:
    age = np.array([sighting.age for sighting in seen], dtype=np.int64)
    last = now - age[rows.host] * DAY - 7_200 - rows.host % 1_800
    first = last - (dice.random(len(rows)) ** 2 * 500).astype(np.int64) * DAY
    return rows.put(first=first, last=last)


def _without(rows: Findings, others: Findings) -> Findings:
    return rows.take(~among(rows.keys(), others.keys()))


def _mitigate(dice: Dice, rows: Findings, now: int) -> Findings:
    mitigated = now - dice.integers(3_600, 200 * DAY, len(rows))
    last = mitigated - dice.integers(DAY, 30 * DAY, len(rows))
    first = last - dice.integers(0, 300 * DAY, len(rows))
    flags = np.where(dice.random(len(rows)) < BACK_SHARE, BEEN_MITIGATED, 0)
    return rows.put(mitigated=mitigated, last=last, first=first, flags=flags)


def _outputs(check: Check, number: int) -> list[bytes]:
    """A few outputs for a check, most of them short; every eightieth says something strange."""
    choices = []
    for variant in range(OUTPUTS_A_PLUGIN if number % 5 else 1):
        text = prose.OUTPUTS[(number + variant) % len(prose.OUTPUTS)].format(
            path=f"/opt/example/{number}",
            version=f"{variant}.{number % 40}",
            fixed=f"{variant + 1}.0.{number % 9}",
            name=f"example{number % 300}",
            product=check.plugin.name.split(" <", maxsplit=1)[0],
            number=variant + 3,
        )
        if number % 80 == variant:
            text += prose.STRANGE[number // 80 % len(prose.STRANGE)].replace("\x01", "")
        if number % 25 == 0:
            text += "".join(
                f"\n  module-{line:05d} : version {line}.{variant}" for line in range(120)
            )
        choices.append(wrapped(text, compliance=check.plugin.family.id == 0))
    return choices


def wrapped(text: str, *, compliance: bool = False) -> bytes:
    """Write an output as JSON, in the tags that the console puts around it."""
    tags = (
        "<cm:compliance-check-name>{0}</cm:compliance-check-name>"
        "<cm:compliance-result>FAILED</cm:compliance-result>"
        if compliance
        else "<plugin_output>{0}</plugin_output>"
    )
    head, _, tail = tags.partition("{0}")
    body = json.dumps(head + text + tail).replace("/", "\\/").replace("\\u0001", "\x01")
    return body.encode("ascii")


def _enlarge(stock: Stock, rows: Findings, hosts: int) -> Findings:
    """In larger estates give one row over a megabyte of output and four a quarter of one."""
    line = "  package-{0:06d}   1.{0}.0-3.example   installed\n"
    sizes = (30_000, 5_000, 5_000, 5_000, 5_000)[: hosts // 40]
    text = rows.text.copy()
    for number, size in enumerate(sizes):
        stock.texts.append(wrapped("".join(line.format(n) for n in range(size))))
        text[len(rows) * (2 * number + 1) // 11] = len(stock.texts) - 1
    return rows.put(text=text)
