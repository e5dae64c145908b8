"""What a run can show for itself, in the ledger's form; and how counts that differ are told."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.errors import IncompleteError
from plumbline.lake.staging import Cause
from plumbline.ledger import evidence
from plumbline.ledger.records import Oddity, Slice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plumbline.sync.memory import Memory
    from plumbline.sync.plan import Plan
    from plumbline.sync.reading import Gathered, ReadSlice

Place = tuple[int, Source]
"""A repository and a store in it."""
_MOST_SENTENCES = 8
_MOST_VALUES = 5
_REPEATED = "row told more than once"
_ADVICE = {
    Cause.CHANGED: "sync again when no scan is being imported; the console changed while it was "
    "read",
    Cause.UNTOLD: "look at the console's own health: it answers without totals; then sync again",
    Cause.SHORT: "look at the console's own health and version; as long as it withholds rows that "
    "it announces, another sync ends like this one",
    Cause.ORDER: "allow larger pages: `plumbline connection edit NAME --page-size 0` leaves their "
    "size to Plumbline; with pages as small as now another sync ends like this one",
    Cause.REPEATED: "look at the console's own health: the same question has other answers, though "
    "nothing was imported; then sync again",
}
_ODD_SEVERITIES = (
    "correct these results at the console, or let the connection ask for each severity by name "
    "(`plumbline connection edit NAME --severity critical --severity high …`), which leaves them "
    "out; another sync ends like this one"
)
_OTHER_TOTALS = (
    "sync again when no scan is being imported; if the same is told then, the console gives other "
    "totals than rows, which is worth an issue (CONTRIBUTING.md)"
)


def record(run: int, gathered: Gathered, proofs: Iterable[Proof]) -> None:
    """Keep proofs, slices and oddities of a run.

    Raises:
        StorageError: the database refused.
    """
    evidence.record_proofs(run, proofs)
    evidence.record_slices(run, map(_slice, gathered.slices))
    odd = [Oddity(kind=k, count=n, example=e) for k, n, e in gathered.odd.listed()]
    if gathered.repeats:
        times = sum(one.times for one in gathered.repeats)
        odd.append(Oddity(kind=_REPEATED, count=times, example=gathered.repeats[0].place))
    evidence.record_oddities(run, odd)


def standing(plan: Plan, memory: Memory | None) -> Iterator[Proof]:
    """The proof of repositories that were not read: what was agreed still stands."""
    known = ((one.id, memory.of(one.id)) for one in plan.kept) if memory else ()
    for number, found in known:
        for source, by_severity in found.typed.items() if found else ():
            repeated = found.typed_repeats.get(source, {}) if found else {}
            for severity, count in by_severity.items():
                yield Proof(
                    repository_id=number,
                    source=source,
                    severity=severity,
                    ours=count - repeated.get(severity, 0),
                    console=count,
                    repeated=repeated.get(severity, 0),
                )


def disagreement(gathered: Gathered) -> IncompleteError:
    """Why what was read is not published: what went wrong with which slice, which counts differ."""
    broken = [one for one in gathered.slices if not one.outcome.whole]
    known = {(one.part.repository_id, one.part.source) for one in broken}
    differing = [
        proof
        for proof in gathered.proofs
        if not proof.agrees and (proof.repository_id, proof.source) not in known
    ]
    wanted = {(proof.repository_id, proof.source) for proof in differing}
    unread = _unread_severities(gathered, wanted)
    found = [*map(_broken, broken), *map(_unread, unread.items()), *map(_differing, differing)]
    more = len(found) - _MOST_SENTENCES
    told = [*found[:_MOST_SENTENCES], *([f"And {more} more."] if more > 0 else [])]
    causes = [one.outcome.cause for one in broken if one.outcome.cause]
    if not causes and any("changed while it was read" in kind for kind in gathered.odd):
        causes = [Cause.CHANGED]
    advice = _ADVICE[causes[0]] if causes else _ODD_SEVERITIES if unread else _OTHER_TOTALS
    return IncompleteError(" ".join(told), advice=advice, unchanged="the last published snapshot")


def _broken(one: ReadSlice) -> str:
    outcome = one.outcome
    return (
        f"Slice {one.part.name}: {outcome.distinct} different findings read, "
        f"{outcome.expected} announced; {outcome.note}."
    )


def _differing(proof: Proof) -> str:
    twice = f" and {proof.repeated} told twice" if proof.repeated else ""
    return (
        f"Repository {proof.repository_id}, {proof.source}, {proof.severity.word}: "
        f"{proof.ours} read{twice}, the console counts {proof.console}."
    )


def _unread_severities(gathered: Gathered, wanted: set[Place]) -> dict[Place, Counter[str]]:
    """Severities that are none, as the console wrote them, where counts differ."""
    found: dict[Place, Counter[str]] = {}
    for one in gathered.slices:
        place = (one.part.repository_id, one.part.source)
        for file in one.files("findings") if place in wanted else ():
            rows = pq.read_table(file, columns=["severity", "extra"])
            for extra in rows.filter(pc.field("severity").is_null())["extra"].to_pylist():
                value = json.loads(extra or "{}").get("severity")
                found.setdefault(place, Counter())[_shown(value)] += 1
    return found


def _shown(value: object) -> str:
    return "none told" if value is None else repr(value)


def _unread(told: tuple[Place, Counter[str]]) -> str:
    (repository_id, source), values = told
    some = ", ".join(f"{n} times {value}" for value, n in values.most_common(_MOST_VALUES))
    return (
        f"Repository {repository_id}, {source}: {values.total()} rows have a severity that is none "
        f"of 0 to 4 ({some}); no count of the console covers them."
    )


def _slice(one: ReadSlice) -> Slice:
    return Slice(
        name=one.part.name,
        state="whole" if one.outcome.whole else "incomplete",
        expected=one.outcome.expected,
        distinct=one.outcome.distinct,
        passes=max(1, len(one.outcome.passes)),
        note=one.outcome.note,
    )
