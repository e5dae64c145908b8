"""Rules of the console's people: risks that are accepted, severities that are recast.

A rule changes the marks, the severity and the comment of the findings it covers, without a new
sighting. It looks at open findings; what is mitigated keeps the marks it had, until it returns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.addresses import Ranges
from plumbline.emulator.findings import ACCEPTED, RECAST
from plumbline.emulator.leaving import touched

if TYPE_CHECKING:
    from plumbline.emulator.estate import Estate, View
    from plumbline.emulator.findings import Bools, Findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; it accepts the risk unless it has a severity to recast to."""

    plugin: int
    """The plugin (its id) whose findings it covers."""
    comment: str
    severity: int | None = None
    repository: int | None = None
    """Only findings of this repository."""
    ips: str = ""
    """Only hosts with these addresses, ranges and networks."""
    expires: int = 0
    """When it ends by itself, in epoch seconds; 0 for never."""
    id: int = 0
    """Its number, and the place of its comment; given when it is added."""

    @property
    def recasts(self) -> bool:
        """Whether it recasts rather than accepts."""
        return self.severity is not None


def add(estate: Estate, rule: Rule, *, moves: bool) -> Rule:
    """Begin a rule; `moves` moves `lastVulnUpdate` of the repositories it changes.

    Raises:
        ValueError: the severity is none, or the addresses cannot be read.
    """
    if rule.severity not in {None, 0, 1, 2, 3, 4}:
        raise ValueError(f"a severity is 0 to 4, not {rule.severity}")
    Ranges(rule.ips)
    made = rule

    def change(view: View) -> View:
        nonlocal made
        view.stock.comments.append(rule.comment)
        made = replace(rule, id=len(view.stock.comments) - 1)
        after = _covered(estate, replace(view, rules=(*view.rules, made)))
        return _moved(after, view, estate) if moves else after

    estate.publish(change)
    return made


def drop(estate: Estate, number: int, *, moves: bool) -> None:
    """End a rule; what it covered is told as it is without it, or as another rule wants it.

    Raises:
        ValueError: there is no such rule.
    """

    def change(view: View) -> View:
        rule = next((one for one in view.rules if one.id == number), None)
        if rule is None:
            raise ValueError(f"there is no rule {number}")
        after = _covered(estate, _without(estate, view, rule))
        return _moved(after, view, estate) if moves else after

    estate.publish(change)


def renew(estate: Estate, view: View) -> View:
    """After scans: rules end that are over, and the others cover what came in."""
    rows = view.cumulative
    if not view.rules and not rows.accept.any() and not rows.recast.any():
        return view
    for rule in view.rules:
        if 0 < rule.expires <= estate.as_of:
            view = _without(estate, view, rule)
    return _covered(estate, _returned_free(estate, view))


def _returned_free(estate: Estate, view: View) -> View:
    """What returned with the mark of a rule that has ended in the meantime loses it."""
    known = {one.id for one in view.rules}
    marks = (view.cumulative.accept, view.cumulative.recast)
    used = {number for column in marks for number in np.unique(column).tolist()}
    for number in sorted(used - known - {0}):
        for severity in (None, 0):
            ended = Rule(plugin=0, comment="", severity=severity, id=number)
            view = _without(estate, view, ended)
    return view


def _without(estate: Estate, view: View, rule: Rule) -> View:
    rows = view.cumulative
    marked = (rows.recast if rule.recasts else rows.accept) == rule.id
    rules = tuple(one for one in view.rules if one.id != rule.id)
    return replace(view, rules=rules, cumulative=_unmarked(estate, view, rule, marked))


def _unmarked(estate: Estate, view: View, rule: Rule, marked: Bools) -> Findings:
    rows, at = view.cumulative, int(estate.as_of)
    if not marked.any():
        return rows
    if not rule.recasts:
        estate.record.accepted(rows.take(marked), at, None)
        return _changed(rows, marked, flags=rows.flags & ~ACCEPTED, accept=0)
    plugins = view.stock.plugins.items
    own = np.fromiter((one.severity for one in plugins), dtype=np.int8, count=len(plugins))
    rows = _changed(rows, marked, flags=rows.flags & ~RECAST, recast=0, severity=own[rows.plugin])
    estate.record.recast(rows.take(marked), at, None)
    return rows


def _covered(estate: Estate, view: View) -> View:
    """Every rule, oldest first, marks what it covers and no other has marked."""
    rows, at = view.cumulative, int(estate.as_of)
    for rule in view.rules:
        flag = RECAST if rule.recasts else ACCEPTED
        hit = _matches(rule, view, rows) & (rows.flags & flag == 0)
        if not hit.any():
            continue
        if rule.severity is None:
            rows = _changed(rows, hit, flags=rows.flags | ACCEPTED, accept=rule.id)
            estate.record.accepted(rows.take(hit), at, rule.id)
            continue
        marks = {"flags": rows.flags | RECAST, "recast": rule.id}
        rows = _changed(rows, hit, **marks, severity=rule.severity)
        estate.record.recast(rows.take(hit), at, rule.id)
    return replace(view, cumulative=rows)


def _matches(rule: Rule, view: View, rows: Findings) -> Bools:
    plugins, hosts = view.stock.plugins.items, view.stock.hosts.items
    checks = np.fromiter((p.id == rule.plugin for p in plugins), dtype=bool, count=len(plugins))
    hit = np.asarray(checks[rows.plugin], dtype=bool)
    if rule.repository is None and not rule.ips:
        return hit
    ranges = Ranges(rule.ips)
    inside = np.zeros(len(hosts), dtype=bool)
    for place in np.unique(rows.host[hit]).tolist():
        home = rule.repository in {None, hosts[place].repository.id}
        inside[place] = home and (not rule.ips or hosts[place].ip in ranges)
    return np.asarray(hit & inside[rows.host], dtype=bool)


def _changed(rows: Findings, where: Bools, **values: object) -> Findings:
    """Some rows with other values; they are no longer as they were recorded."""
    new = {n: np.where(where, v, getattr(rows, n)) for n, v in values.items()}  # type: ignore[call-overload]
    return rows.put(**new, verbatim=np.where(where, -1, rows.verbatim))


def _moved(after: View, before: View, estate: Estate) -> View:
    """`lastVulnUpdate` moved in the repositories in which a row changed."""
    old, new = before.cumulative, after.cumulative
    changed = (old.flags != new.flags) | (old.accept != new.accept) | (old.recast != new.recast)
    hosts = before.stock.hosts.items
    homes = {hosts[place].repository.id for place in np.unique(new.host[changed]).tolist()}
    return replace(after, updated=touched(estate, after, homes))
