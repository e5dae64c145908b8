"""What should have become of each finding, worked out from the console's rows one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Source
from plumbline.domain.identity import alias_key, finding_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lab import Lab

    from plumbline.emulator.estate import View
    from plumbline.emulator.findings import Findings

Row = dict[str, Any]
STANDING = {"open", "reopened", "accepted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One finding as it should be shown."""

    state: str
    severity: int
    recast: bool
    repository: int
    opened_run: int
    changed_run: int
    told: bool = True
    """Whether the console still holds it, in either store."""


@dataclass(slots=True)
class Story:
    """Follows a console from run to run."""

    lab: Lab
    findings: dict[str, Known] = field(default_factory=dict)
    first: dict[tuple[str, str], str] = field(default_factory=dict)
    """Key of the alias that was told first at an address of a repository that goes by addresses."""
    events: Counter[tuple[int, str, str, str | None, str]] = field(default_factory=Counter)

    def run(
        self,
        number: int,
        *,
        visible: Iterable[int] | None = None,
        absent: str = "vanished",
        wanted: Callable[[Row], bool] = lambda _row: True,
    ) -> None:
        """What a complete run of that number should make of the console as it is now."""
        seen = None if visible is None else set(visible)
        told = self._told(lambda row: wanted(row) and (seen is None or _home(row) in seen))
        for key in {*told, *self.findings}:
            before = self.findings.get(key)
            if key in told:
                after = told[key]
            elif before is not None and before.state in STANDING:
                gone = seen is not None and before.repository not in seen
                after = replace(before, state="out_of_sight" if gone else absent, told=False)
            elif before is not None:
                after = replace(before, told=False)
            else:
                continue
            self._note(number, key, before, after)

    def _told(self, wanted: Callable[[Row], bool]) -> dict[str, Known]:
        rows = [(s, row) for s in Source for row in self.lab.emulator.estate.rows(s) if wanted(row)]
        found: dict[str, Known] = {}
        for source, row in rows:
            found.setdefault(self._key(row), _known(source, row))
        return found

    def _key(self, row: Row) -> str:
        """The key of a finding; a host that got another name at its address keeps its first one."""
        names = ("ip", "dnsName", "macAddress", "netbiosName", "uuid", "hostUUID")
        values = {name: row[name] for name in names} | {"repository.id": row["repository"]["id"]}
        alias = alias_key("lab", row["hostUniqueness"], values)
        if "ip" in row["hostUniqueness"].split(","):
            alias = self.first.setdefault((row["repository"]["id"], row["ip"]), alias)
        uuid = row["vulnUUID"] if "vulnUUID" in row["vulnUniqueness"] else ""
        return finding_key(alias, row["pluginID"], row["port"], row["protocol"], uuid)

    def _note(self, number: int, key: str, before: Known | None, after: Known) -> None:
        opened = number if before is None else before.opened_run
        changed = before is None or (before.state, before.severity, before.recast) != (
            after.state,
            after.severity,
            after.recast,
        )
        at = number if changed or before is None else before.changed_run
        self.findings[key] = replace(after, opened_run=opened, changed_run=at)
        if changed:
            was = None if before is None else before.state
            self.events[number, key, _event(was, after.state), was, after.state] += 1

    def counted(self, number: int) -> dict[str, int]:
        """What the run should report."""
        states = Counter(one.state for one in self.findings.values())
        named = Counter(event for run, _, event, _, _ in self.events.elements() if run == number)
        return {
            "open": states["open"] + states["reopened"],
            "new": named["opened"],
            **{word: named[word] for word in ("fixed", "reopened", "vanished")},
            "changed": sum(run == number and bool(was) for run, _, _, was, _ in self.events),
        }

    def check(self) -> None:
        """The snapshot tells this very story."""
        rows = self.lab.ask(
            "SELECT finding, state, severity, recast, repository_id, opened_run, changed_run, "
            "told FROM findings"
        )
        assert len({row[0] for row in rows}) == len(rows)
        shown = {
            key: Known(
                state=state,
                severity=severity,
                recast=recast,
                repository=repository,
                opened_run=opened,
                changed_run=changed,
                told=told,
            )
            for key, state, severity, recast, repository, opened, changed, told in rows
        }
        assert shown == self.findings
        happened = self.lab.ask(
            'SELECT run, finding, event, "before", "after" FROM events WHERE finding IS NOT NULL'
        )
        assert Counter(happened) == self.events
        unexplained = "SELECT count(*) FROM events WHERE cause IS NULL OR evidence IS NULL"
        assert self.lab.ask(unexplained) == [(0,)]


def _home(row: Row) -> int:
    return int(row["repository"]["id"])


def _known(source: Source, row: Row) -> Known:
    state = "reopened" if row["hasBeenMitigated"] == "1" else "open"
    state = "accepted" if row["acceptRisk"] == "1" else state
    return Known(
        state="fixed" if source is Source.PATCHED else state,
        severity=int(row["severity"]["id"]),
        recast=row["recastRisk"] == "1",
        repository=_home(row),
        opened_run=0,
        changed_run=0,
    )


def _event(before: str | None, after: str) -> str:
    """As docs/lifecycle.md tells events."""
    if before is None:
        return "fixed" if after == "fixed" else "opened"
    if before == after:
        return "recast"
    if after not in {"open", "reopened"}:
        return after
    if before in {"vanished", "out_of_sight"}:
        return "returned"
    if before == "accepted":
        return "unaccepted"
    return "reopened" if before == "fixed" or after == "reopened" else "recast"


def meddle(
    lab: Lab,
    change: Callable[[Findings], Findings],
    source: Source = Source.CUMULATIVE,
    *,
    told: bool = True,
) -> None:
    """Change the console's rows of one store; `told` moves `lastVulnUpdate` of all repositories."""

    def changed(view: View) -> View:
        updated = {n: at + 1 for n, at in view.updated.items()} if told else view.updated
        return replace(view.holding(source, change(view.findings(source))), updated=updated)

    lab.emulator.estate.publish(changed)


def show_only(lab: Lab, *numbers: int) -> None:
    """Let the keys see these repositories only."""
    every = lab.emulator.estate.view.repositories
    shown = tuple(one for one in every if one.id in numbers)
    lab.emulator.estate.publish(lambda view: replace(view, repositories=shown))
