"""How sure the numbers of a report are: proof, age, gaps, and what nobody supplied."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from plumbline.domain.run import RunState
from plumbline.posture.questions.signals import NOT_SUPPLIED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Row = dict[str, Any]

MOST_CONNECTIONS = 4
MOST_WARNINGS = 3
_LAGS = timedelta(days=1)


def proven(connections: Sequence[Row], warnings: Sequence[str]) -> Row:
    """Whether every number agrees with the consoles' own, in a few words."""
    if not connections:
        return {"text": "nothing published", "kind": "bad"}
    doubtful = sum(not _whole(one) for one in connections)
    if doubtful:
        text = f"{doubtful} of {len(connections)} connections not proven"
        return {"text": text, "kind": "bad"}
    if warnings:
        return {"text": "complete and proven; read the warnings on page 2", "kind": "warned"}
    return {"text": "complete, agrees with Security Center", "kind": "good"}


def _whole(one: Row) -> bool:
    # Where totals are not for the reader, the state of the run speaks for them.
    agrees: bool = one["totals"] is None or 0 < one["totals"] == one["agreeing"]
    return agrees and one["state"] == RunState.COMPLETE.value


def box(data: Row) -> Row:
    """The honesty box."""
    doubtful_first = sorted(data["connections"], key=lambda one: (_whole(one), one["as_of"]))
    shown, rest = doubtful_first[:MOST_CONNECTIONS], doubtful_first[MOST_CONNECTIONS:]
    return {
        "connections": [_connection(one) for one in shown],
        "more": _rest(rest),
        "age": list(_age(data)),
        "gaps": list(_gaps(data)),
        "not_supplied": list(_missing(data)) or ["Nothing that these pages show."],
    }


def proof_of(one: Row) -> str:
    """How a connection was proven, in a few words."""
    totals, agreeing = one["totals"], one["agreeing"]
    if totals is None:
        return "totals are for who sees the whole"
    if not totals:
        return "no totals to compare with"
    if agreeing == totals:
        return f"all {totals:,} totals agree"
    return f"{totals - agreeing:,} of {totals:,} totals differ"


def _connection(one: Row) -> Row:
    return {
        "name": one["connection"],
        "run": "\N{EN DASH}" if one["run"] is None else f"{one['run']}",
        "as_of": f"{one['as_of'].astimezone(UTC):%Y-%m-%d %H:%M}",
        "state": one["state"] or "not known",
        "proof": proof_of(one),
        "good": _whole(one),
    }


def _rest(rest: Sequence[Row]) -> str:
    if not rest:
        return ""
    doubtful = sum(not _whole(one) for one in rest)
    how = f"{doubtful} of them not proven" if doubtful else "all of them proven"
    return f"and {len(rest)} more connections, {how}"


def _age(data: Row) -> Iterator[str]:
    moments = [one["as_of"] for one in data["connections"]]
    if not moments:
        yield "Nothing has been read yet."
        return
    oldest, newest = min(moments), max(moments)
    yield f"Data speaks for {oldest.astimezone(UTC):%-d %B %Y, %H:%M} UTC; ages count up to there."
    if newest - oldest >= _LAGS:
        yield f"The oldest connection is {(newest - oldest).days} days behind the newest."
    warnings = data["warnings"]
    yield from warnings[:MOST_WARNINGS]
    if len(warnings) > MOST_WARNINGS:
        yield f"And {len(warnings) - MOST_WARNINGS} more warnings, which the JSON form tells."


def _gaps(data: Row) -> Iterator[str]:
    now, hosts = data["summary"], data["coverage"]
    unseen = sum(row["hosts"] for row in hosts if row["days"] not in {"0-7", "8-30"})
    bare = sum(row["without_credentials"] for row in hosts)
    weeks = sum(week["numbers"] is None for week in data["weeks"])
    found = (
        (unseen, "hosts not seen in 30 days: no news of them is no good news."),
        (bare, "hosts scanned without credentials: more may be open on them."),
        (now["departed"], "hosts that no console has any more; in no other number."),
        (now["hosts_in_no_list"], "hosts in no asset list."),
        (now["vanished"], "findings gone without proof of a fix; not counted as fixed."),
        (now["out_of_sight"], "findings the keys may no longer see."),
        (now["accepted"], "findings accepted by a rule; not counted as open."),
        (weeks, "weeks of the trend without a whole count: gaps, not zeros."),
    )
    lines = [f"{number:,} {text}" for number, text in found if number]
    yield from lines or ["None known."]


def _missing(data: Row) -> Iterator[str]:
    rows = data["signals"]
    whole = sum(row["findings"] for row in rows)
    for name, what in (("vpr", "VPR"), ("epss", "EPSS")):
        missing = sum(row["findings"] for row in rows if row[name] == NOT_SUPPLIED)
        if missing:
            of = f"{whole:,} open findings, low and above"
            yield f"{what} for {missing:,} of {of}; not taken as 0."
    not_told = sum(row["not_told"] for row in data["coverage"])
    if not_told:
        yield f"Whether the scan could log in: for {not_told:,} hosts."
    if data["before"] is None:
        yield "A whole run before this one: changes of numbers are left out."
