"""The executive report in words: every number as it is printed, every length as it is drawn."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from plumbline.posture.counts import WORDS
from plumbline.posture.questions import signals
from plumbline.posture.sla import PERIOD_DAYS
from plumbline.report.charts.bars import scale
from plumbline.report.charts.svg import PALETTE
from plumbline.report.marks import MARKS
from plumbline.report.reports.sureness import box, proven
from plumbline.report.reports.tiles import tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    Row = dict[str, Any]

_ABOVE_INFO = WORDS[:-1]
_CHANGES = ("new", "reopened", "fixed", "vanished")


def told(data: Row) -> Row:
    """What the template prints."""
    moments = [one["as_of"] for one in data["connections"]]
    return {
        "title": data["title"],
        "scope": scope(data),
        "left_out": left_out(data["left_out"]),
        "as_of": moment(min(moments)) if moments else "never",
        "proven": proven(data["connections"], data["warnings"]),
        "covers": covers(data),
        "words": list(WORDS),
        "colours": {word: PALETTE[word] for word in WORDS},
        "glyphs": {word: MARKS[word].glyph for word in WORDS},
        "tiles": tiles(data),
        "change": change(data),
        "ages": ages(data["ages"]),
        "totals": [f"{row['findings']:,}" for row in data["severities"]],
        "deadlines": [deadline(row, fix) for row, fix in _paired(data["sla"], data["fixes"])],
        "period": PERIOD_DAYS,
        "trend": trend(data["weeks"]),
        "trend_missing": _trend_missing(data),
        "actions": [action(row) for row in data["actions"]],
        "hosts": [host(row) for row in data["hosts"]],
        "likelihood": likelihood(data["signals"]),
        "coverage": coverage(data["coverage"]),
        "box": box(data),
    }


def _is_something(summary: Row) -> bool:
    """Whether there is a finding, in whatever state."""
    return any(summary[name] for name in ("open", "accepted", "fixed", "vanished", "out_of_sight"))


def scope(data: Row) -> str:
    """What the report is about."""
    if data["query"]:
        within = ", of what you may see" if data["partly"] else ""
        return f"Findings that match {data['query']}{within}"
    return "What you may see" if data["partly"] else "The whole estate"


def left_out(terms: Sequence[str]) -> str:
    """Conditions that a report cannot be held to, and why; empty without one."""
    if not terms:
        return ""
    return (
        f"Left out of the filter: {', '.join(terms)}. A report speaks of every state, age and run "
        "itself: what is open beside what was fixed."
    )


def covers(data: Row) -> str:
    """What the proof is about, where the report shows less than that."""
    if not data["query"] and not data["partly"]:
        return ""
    return "The proof is about everything that was read; these pages show a part of it."


def _trend_missing(data: Row) -> str:
    if not data["query"] and not data["partly"]:
        return "No run has counted anything yet."
    part = "a filter" if data["query"] else "the part that you see"
    return (
        "Counts of earlier runs are kept for connections, repositories and asset lists, not for "
        f"{part}: no trend can be told here."
    )


def moment(at: datetime) -> str:
    """A time, in UTC."""
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


def change(data: Row) -> str:
    """What changed since the runs before, in a sentence."""
    found = data["changes"]
    if data["query"] and not _is_something(data["summary"]):
        return "No finding matches the filter, in any state: the zeros below say no more than that."
    if found is None:
        return "First reading: there is no run before it to compare with."
    parts = ", ".join(f"{found[word]:,} {word}" for word in _CHANGES)
    first = [one["connection"] for one in data["connections"] if not one["before"]]
    beside = f" First reading of {', '.join(first)}." if first else ""
    return f"Since {data['since'] or 'the run before'}: {parts}.{beside}"


def ages(rows: Sequence[Row]) -> list[Row]:
    """A line for each severity, with how strong each cell is shaded; info is not shaded."""
    shown = [row for row in rows if row["total"] or row["days"] != "not told"]
    most = max((row[word] for row in shown for word in _ABOVE_INFO), default=0)
    lines = [
        {
            "word": word,
            "cells": [_cell(row[word], most) for row in shown],
            "total": f"{sum(row[word] for row in shown):,}",
        }
        for word in WORDS
    ]
    return [{"days": [row["days"] for row in shown], "lines": lines}]


def likelihood(rows: Sequence[Row]) -> Row:
    """Findings, low and above, by consequence and likelihood; axes as on the page."""
    told = {(row["vpr"], row["epss"]): row["findings"] for row in rows}
    most = max(told.values(), default=0)
    return {
        "across": list(map(signals.label, signals.ACROSS)),
        "lines": [
            {
                "word": signals.label(vpr),
                "cells": [_cell(told.get((vpr, epss), 0), most) for epss in signals.ACROSS],
            }
            for vpr in signals.DOWN
        ],
    }


def _cell(number: int, most: int) -> Row:
    shade = round(100 * min(number / most, 1.0) ** 0.5) if most else 0
    return {"text": f"{number:,}" if number else "\N{EN DASH}", "shade": shade}


def _paired(sla: Sequence[Row], fixes: Sequence[Row]) -> list[tuple[Row, Row]]:
    return list(zip(sla, fixes, strict=True))


def deadline(row: Row, fix: Row) -> Row:
    """How one severity stands to its deadline."""
    return {
        "word": row["severity"],
        "days": f"{row['days']} d",
        "overdue": f"{row['overdue']:,}",
        "within": f"{row['within']:,}",
        "met": f"{row['met'] / row['due']:.0%}" if row["due"] else "none due",
        "share": round(100 * row["met"] / row["due"]) if row["due"] else None,
        "median": _days(fix["median"]),
        "open_median": _days(fix["open_median"]),
    }


def _days(number: float | None) -> str:
    return "\N{EN DASH}" if number is None else f"{number:.0f} d"


def trend(weeks: Sequence[Row]) -> Row:
    """Columns of what was open, low and above; a week without a whole count is a gap."""
    sums = [_sum(one["numbers"]) for one in weeks]
    ticks = scale(max((number for number in sums if number is not None), default=0))
    top = ticks[-1]
    return {
        "columns": [_column(one, top) for one in weeks],
        "ticks": [{"text": f"{tick:,.0f}", "at": 100 * tick / top} for tick in ticks],
        "gaps": sum(number is None for number in sums),
        "alt": _alt(weeks, sums),
    }


def _alt(weeks: Sequence[Row], sums: Sequence[int | None]) -> str:
    """The drawing in words, for who cannot see it."""
    known = [
        (one["week"], number) for one, number in zip(weeks, sums, strict=True) if number is not None
    ]
    if not known:
        return "No week was counted as a whole."
    (first, before), (last, now) = known[0], known[-1]
    return (
        f"Open findings, low and above: {before:,} in the week of {first}, "
        f"{now:,} in that of {last}."
    )


def _sum(numbers: Row | None) -> int | None:
    return None if numbers is None else sum(numbers[word] for word in _ABOVE_INFO)


def _column(week: Row, top: float) -> Row:
    numbers = week["numbers"]
    label = f"{date.fromisoformat(week['week']):%-d %b}"
    if numbers is None:
        return {"label": label, "parts": None}
    parts = [{"word": word, "part": 100 * numbers[word] / top} for word in _ABOVE_INFO]
    return {"label": label, "parts": parts}


def action(row: Row) -> Row:
    """One action."""
    return {
        "what": row["solution"],
        "why": row["name"] or "",
        "hosts": f"{row['hosts']:,}",
        "findings": f"{row['findings']:,}",
        "risk": f"{row['risk']:.1f}",
        "share": f"{row['share']:.1%}",
        "part": round(100 * row["share"], 2),
    }


def host(row: Row) -> Row:
    """One host."""
    name = row["host_name"] or row["host"]
    return {
        "name": name,
        "beside": " · ".join(filter(None, (row["ip"] if row["ip"] != name else "", row["os"]))),
        "numbers": [f"{row[word]:,}" for word in WORDS],
        "risk": "\N{EN DASH}" if row["risk"] is None else f"{row['risk']:.1f}",
        "sc_score": f"{row['sc_score']:,}",
    }


def coverage(rows: Sequence[Row]) -> Row:
    """When hosts were last seen, and how well."""
    whole = sum(row["hosts"] for row in rows)
    shown = [row for row in rows if row["hosts"] or row["days"] != "not told"]
    known = sum(row["hosts"] - row["not_told"] for row in rows)
    logged = sum(row["credentialed"] for row in rows)
    return {
        "hosts": f"{whole:,}",
        "lines": [_seen(row, whole) for row in shown],
        "credentialed": share(logged, known) if known else "not supplied",
        "of": f"{logged:,} of {known:,} hosts that tell",
    }


def _seen(row: Row, whole: int) -> Row:
    day = row["days"]
    return {
        "label": "not told" if day == "not told" else f"{day.replace('>', 'more than ')} days ago",
        "hosts": f"{row['hosts']:,}",
        "share": share(row["hosts"], whole),
        "part": 100 * row["hosts"] / whole if whole else 0,
        "logged": 100 * row["credentialed"] / whole if whole else 0,
    }


def share(part: int, whole: int) -> str:
    """A part in percent; only all is 100 %, and only none is 0 %."""
    if not whole:
        return "\N{EN DASH}"
    percent = 100 * part / whole
    if part and percent < 1:
        return "<1%"
    return ">99%" if part < whole and percent > 99 else f"{percent:.0f}%"  # noqa: PLR2004 - percent
