"""A script of ordinary days over one estate: what a console lives through in a month.

::

    scenario = Scenario(estate, seed=1)
    for _ in range(30):
        day = scenario.day()
        day.acts, day.faults

The same estate and seed give the same days. The estate tells its own time from then on, so that
every day is a day for those who ask it. Faults are for the emulator that serves it to begin: the
scenario only says which, one or none a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.emulator.estate import Estate

LEAST_SHOWN = 3
"""Repositories with findings that the user keeps, whatever is taken."""
OUTAGES = (
    "down:4",
    "gone:3",
    "maintenance:2",
    "error-500:2",
    "reset-body:1",
    "truncated-json:1",
    "locked-200:2",
    "short-page:1",
    "revoke-after:6/3",
    "slow:0.01/10",
)


class Deed(StrEnum):
    """What can happen on a day, beside the day itself."""

    ACCEPT = "accept"
    RECAST = "recast"
    DROP_RULE = "drop-rule"
    LATE = "late"
    LONG = "long"
    EXPIRE = "expire"
    RETIRE = "retire"
    HIDE = "hide"
    SHOW = "show"
    GROUP = "group"
    FEED = "feed"
    REDEFINE = "redefine"
    REPOSITORY = "repository"
    RENAME = "rename"


CHANCES: dict[Deed, float] = {
    Deed.ACCEPT: 0.3,
    Deed.RECAST: 0.25,
    Deed.DROP_RULE: 0.25,
    Deed.LATE: 0.25,
    Deed.LONG: 0.2,
    Deed.EXPIRE: 0.2,
    Deed.RETIRE: 0.1,
    Deed.HIDE: 0.1,
    Deed.SHOW: 0.35,
    Deed.GROUP: 0.05,
    Deed.FEED: 0.2,
    Deed.REDEFINE: 0.15,
    Deed.REPOSITORY: 0.04,
    Deed.RENAME: 0.2,
}
"""How likely each is on a day, where it can be done at all."""
OUTAGE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that was done."""

    deed: Deed
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day brought."""

    number: int
    at: int
    """The moment the estate stands at, in epoch seconds."""
    acts: tuple[Act, ...]
    faults: tuple[str, ...]
    """Faults to begin, as `Emulator.add_fault` takes them."""


class Scenario:
    """Days of one estate. `chances` replace those of single deeds; 0 leaves one out."""

    def __init__(
        self,
        estate: Estate,
        *,
        seed: int = 1,
        chances: dict[Deed, float] | None = None,
        outage: float = OUTAGE,
    ) -> None:
        self.estate = estate
        self._dice = np.random.default_rng((seed, 31))
        # Dice of its own: what else happens on a day is the same with it and without.
        self._names_dice = np.random.default_rng((seed, 37))
        self._chances = CHANCES | (chances or {})
        self._outage = outage
        self._number = 0
        estate.own_time = True

    def day(self) -> Day:
        """Let a day pass, with whatever else happens on it."""
        self._number += 1
        self.estate.evolve(1)
        acts = [
            Act(deed=deed, what=what)
            for deed, chance in self._chances.items()
            if self._dice_of(deed).random() < chance and (what := self._do(deed))
        ]
        faults = (self._one(OUTAGES),) if self._dice.random() < self._outage else ()
        at = int(self.estate.as_of)
        return Day(number=self._number, at=at, acts=tuple(acts), faults=faults)

    def _dice_of(self, deed: Deed) -> np.random.Generator:
        return self._names_dice if deed is Deed.RENAME else self._dice

    def _do(self, deed: Deed) -> str:
        """Do one deed and tell it; nothing if it cannot be done today."""
        does: Callable[[], str] = getattr(self, f"_{deed.name.lower()}")
        return does()

    def _one(self, choices: tuple[str, ...]) -> str:
        return choices[int(self._dice.integers(len(choices)))]

    def _plugin(self) -> int:
        """The id of a plugin that some finding has, likelier the more do."""
        view = self.estate.view
        place = int(self._dice.choice(view.cumulative.plugin))
        return view.stock.plugins.items[place].id

    def _accept(self) -> str:
        days = int(self._dice.integers(2, 20))
        expires = int(self.estate.as_of) + days * 86_400 if days % 2 else 0
        comment = f"Day {self._number}: tolerated."
        plugin = self._plugin()
        self.estate.accept_risk(plugin, comment, expires=expires)
        return f"plugin {plugin}" + (f" for {days} days" if expires else "")

    def _recast(self) -> str:
        plugin, severity = self._plugin(), int(self._dice.integers(5))
        home = int(self._dice.choice([one.id for one in self.estate.view.repositories]))
        limit = home if self._dice.random() < 0.5 else None  # noqa: PLR2004 - even
        comment = f"Day {self._number}: weighed anew."
        self.estate.recast_risk(plugin, severity, comment, repository=limit)
        return f"plugin {plugin} to {severity}"

    def _drop_rule(self) -> str:
        rules = self.estate.view.rules
        if not rules:
            return ""
        number = rules[int(self._dice.integers(len(rules)))].id
        self.estate.drop_rule(number)
        return f"rule {number}"

    def _late(self) -> str:
        days = int(self._dice.integers(1, 3))
        [repository] = self.estate.import_late(days).repositories
        return f"repository {repository}, {days} days ago"

    def _long(self) -> str:
        [repository] = self.estate.import_long(40).repositories
        return f"repository {repository}, 40 hours"

    def _expire(self) -> str:
        gone = self.estate.expire(active=21, mitigated=150)
        return f"{gone.expired} expired, {gone.purged} purged"

    def _retire(self) -> str:
        there = np.unique(self.estate.view.cumulative.host)
        if len(there) <= LEAST_SHOWN:
            return ""
        place = int(self._dice.choice(there))
        self.estate.retire_host(place)
        return f"host {place}"

    def _hide(self) -> str:
        hosts = self.estate.view.stock.hosts.items
        there = {hosts[n].repository.id for n in np.unique(self.estate.view.cumulative.host)}
        shown = [one.id for one in self.estate.view.repositories if one.id in there]
        if len(shown) <= LEAST_SHOWN:
            return ""
        repository = int(self._dice.choice(shown))
        self.estate.hide(repository)
        return f"repository {repository}"

    def _show(self) -> str:
        hidden = [one.id for one in self.estate.view.hidden]
        if not hidden:
            return ""
        repository = int(self._dice.choice(hidden))
        self.estate.show(repository)
        return f"repository {repository}"

    def _group(self) -> str:
        number = int(self._dice.integers(1, 9))
        self.estate.assign(group=number, group_name=f"Group {number}")
        return f"group {number}"

    def _feed(self) -> str:
        return f"{self.estate.feed(share=0.1)} plugins"

    def _redefine(self) -> str:
        static = [one.id for one in self.estate.view.lists if one.id and one.kind == "static"]
        if not static:
            return ""
        number, part = int(self._dice.choice(static)), int(self._dice.integers(1, 9))
        self.estate.redefine(number, definedIPs=f"10.{part}0.0.0/16")
        return f"list {number}"

    def _repository(self) -> str:
        made = self.estate.add_repository(f"Added on day {self._number}", hosts=2)
        return f"repository {made.id}"

    def _rename(self) -> str:
        place = int(self._names_dice.choice(np.unique(self.estate.view.cumulative.host)))
        # Every third name goes missing, and may come back under another one.
        name = f"renamed-{self._number}-{place}.corp.example" if self._number % 3 else ""
        self.estate.rename_host(place, name)
        return f"host {place}"
