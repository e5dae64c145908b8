"""The tiles of the overview: a number, how it moved, and what it leads to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plumbline.posture.questions.deadlines import FIX_PERIOD_DAYS
from plumbline.posture.score import BEST, VERSION
from plumbline.posture.sla import PERIOD_DAYS
from plumbline.report.charts import bars, spark
from plumbline.web import places
from plumbline.web.blocks import history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plumbline.web.estates import Seen

GRAVE = "severity:critical,high"
SEEN_DAYS = 30
_SEEN = f"seen:<{SEEN_DAYS + 1}d"
_UNKNOWN = "\N{EN DASH}"
_RECENT = ("0-7", "8-30")
_DUE = f"due_at:0d..{PERIOD_DAYS}d"


@dataclass(frozen=True, slots=True)
class Delta:
    """How a number moved since an earlier snapshot."""

    by: float
    text: str
    good: bool | None
    """Whether that is good; None when it did not move."""
    since: str

    @property
    def arrow(self) -> str:
        """Which way."""
        return "→" if not self.by else "▲" if self.by > 0 else "▼"

    @property
    def kind(self) -> str:
        """How it is coloured."""
        return "same" if self.good is None else "good" if self.good else "bad"


@dataclass(frozen=True, slots=True)
class Link:
    """A smaller number beside the large one."""

    text: str
    number: int | None = None
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One tile."""

    label: str
    value: str
    unit: str = ""
    href: str = ""
    count: int | None = None
    """Rows of the list it leads to; None where the number is no count of rows."""
    delta: Delta | None = None
    more: Sequence[Link] = ()
    spark: str = ""
    how: str = ""
    command: str = ""
    """What tells the same on the command line."""


def tiles(seen: Seen, earlier: Seen | None, since: str) -> list[Tile]:
    """All tiles; `earlier` is what the same visitor saw some weeks before."""
    now = _Numbers(seen)
    before = _Numbers(earlier) if earlier is not None and earlier.runs else None
    made = (_score, _grave, _exploitable, _compliance, _time_to_fix, _coverage)
    return [one(now, before, since) for one in made]


class _Numbers:
    """What the tiles tell, asked when it is needed."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.summary: dict[str, Any] = seen.ask("summary")[0]
        self.sla = seen.ask("sla")
        self.fixes = {row["severity"]: row for row in seen.ask("time-to-fix")}

    @property
    def paces(self) -> list[dict[str, Any]]:
        """Deadlines and fixes of each week, the oldest first."""
        rows = self.seen.ask("deadlines-by-week")
        return sorted(rows, key=lambda row: -row["weeks_ago"])

    @property
    def score(self) -> float | None:
        found: float | None = self.seen.ask("score")[0]["score"]
        return found

    @property
    def grave(self) -> int:
        return int(self.summary["critical"] + self.summary["high"])

    @property
    def compliance(self) -> float | None:
        due = sum(row["due"] for row in self.sla)
        return sum(row["met"] for row in self.sla) / due if due else None

    @property
    def coverage(self) -> float | None:
        hosts = self.summary["hosts"]
        return self.recent / hosts if hosts else None

    @property
    def recent(self) -> int:
        return sum(row["hosts"] for row in self._bands)

    @property
    def credentialed(self) -> int:
        return sum(row["credentialed"] for row in self._bands)

    @property
    def _bands(self) -> list[dict[str, Any]]:
        return [row for row in self.seen.ask("coverage") if row["days"] in _RECENT]


def _delta(
    now: float | None, before: float | None, since: str, *, up_is_good: bool, form: str = ",.0f"
) -> Delta | None:
    if now is None or before is None or not since:
        return None
    by = now - before
    if not float(f"{by:.1f}"):
        return Delta(0, "no change", None, since)
    return Delta(by, format(abs(by), form), (by > 0) is up_is_good, since)


def _score(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    return Tile(
        label="Posture score",
        value=_UNKNOWN if now.score is None else f"{now.score:.0f}",
        unit="of 100",
        href=places.to("hosts", places.HERE, sort="score"),
        delta=_delta(
            now.score, before.score if before else None, since, up_is_good=True, form=".1f"
        ),
        more=(Link("hosts", now.summary["hosts"], places.to("hosts", places.HERE)),),
        spark=bars.gauge(now.score, BEST, "Posture score"),
        how="What all hosts lack to 100, a host without an open finding, put together so that bad "
        "hosts weigh more than good ones. Each finding takes its part, the more the higher its "
        f"risk. Version {VERSION} of the formula, see docs/scoring.md. No line: counts of earlier "
        "runs tell no risk; --as-of DATE does.",
        command="plumbline ask score",
    )


def _grave(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    weeks = history.weeks(now.seen)
    values = [w.numbers["critical"] + w.numbers["high"] if w.numbers else None for w in weeks]
    return Tile(
        label="Critical and high",
        value=f"{now.grave:,}",
        href=places.open_findings(GRAVE),
        count=now.grave,
        delta=_delta(now.grave, before.grave if before else None, since, up_is_good=False),
        more=tuple(
            Link(w, now.summary[w], places.open_findings(f"severity:{w}"))
            for w in ("critical", "high")
        ),
        spark=spark.line(
            values,
            f"Open critical and high findings over {len(weeks)} weeks",
            f"now: {now.grave:,}" if values[-1:] == [now.grave] else "",
        ),
        how="Findings that are open or reopened. One finding is one plugin on one port of one "
        "host; accepted ones are left out. The line is what the last run of each week counted.",
        command="plumbline ask open-by-severity",
    )


def _exploitable(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    number, kev = now.summary["exploitable"], now.summary["kev"]
    earlier = before.summary["exploitable"] if before else None
    values = [week.exploitable for week in history.weeks(now.seen)]
    return Tile(
        label="Exploitable",
        value=f"{number:,}",
        href=places.open_findings("exploitable:yes"),
        count=number,
        delta=_delta(number, earlier, since, up_is_good=False),
        more=(Link("in KEV", kev, places.open_findings("kev:yes")),),
        spark=spark.line(
            values,
            f"Open exploitable findings over {len(values)} weeks",
            f"now: {number:,}" if values[-1:] == [number] else "",
        ),
        how="Open findings whose plugin has an exploit, or stands in CISA's catalogue of known "
        "exploited vulnerabilities (KEV). The line is what the last run of each week counted, by "
        "what was known of the plugins then.",
        command="plumbline ask summary",
    )


def _compliance(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    share = now.compliance
    overdue = sum(row["overdue"] for row in now.sla)
    due = sum(row["due"] for row in now.sla)
    earlier = before.compliance * 100 if before and before.compliance is not None else None
    return Tile(
        label="Fixed in time",
        value=_UNKNOWN if share is None else f"{share:.0%}".rstrip("%"),
        unit="%" if share is not None else "nothing was due",
        href=places.to("findings", _DUE, "sla:met,missed,overdue"),
        delta=_delta(
            None if share is None else share * 100, earlier, since, up_is_good=True, form=".1f"
        ),
        more=(
            Link("overdue now", overdue, places.open_findings("sla:overdue")),
            Link("were due", due, places.to("findings", _DUE, "sla:met,missed,overdue")),
        ),
        how=f"Of the findings whose deadline fell in the last {PERIOD_DAYS} days, the share that "
        "was fixed before it. Deadlines count from first seen: "
        + ", ".join(f"{row['severity']} {row['days']} days" for row in now.sla)
        + ". The line looks back from each week; findings count in it as they are now.",
        spark=_compliances(now),
        command="plumbline ask sla",
    )


def _compliances(now: _Numbers) -> str:
    """The share fixed in time, week by week."""
    due: dict[int, int] = defaultdict(int)
    met: dict[int, int] = defaultdict(int)
    for row in now.paces:
        due[row["weeks_ago"]] += row["due"]
        met[row["weeks_ago"]] += row["met"]
    shares = [met[week] / due[week] if due.get(week) else None for week in _backwards(due)]
    end = f"now: {shares[-1]:.0%}" if shares and shares[-1] is not None else ""
    return spark.line(shares, f"Share fixed in time over {len(shares)} weeks", end)


def _medians(now: _Numbers) -> str:
    """The median time to fix of critical findings, week by week."""
    told = {row["weeks_ago"]: row["median"] for row in now.paces if row["severity"] == "critical"}
    days = [told.get(week) for week in _backwards(told)]
    end = f"now: {days[-1]:.0f} days" if days and days[-1] is not None else ""
    return spark.line(days, f"Median days to fix a critical finding over {len(days)} weeks", end)


def _backwards(told: Mapping[int, object]) -> range:
    """Every week from the first that is told to now."""
    return range(max(told, default=-1), -1, -1)


def _time_to_fix(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    worst = now.fixes["critical"]
    earlier = before.fixes["critical"]["median"] if before else None
    return Tile(
        label="Time to fix",
        value=_UNKNOWN if worst["median"] is None else f"{worst['median']:.0f}",
        unit="days" if worst["median"] is not None else "none was fixed",
        delta=_delta(worst["median"], earlier, since, up_is_good=False, form=".0f"),
        more=(Link("critical ones, median"),)
        + tuple(
            Link(f"{text} {row['median']:.0f} d")
            for text, row in (("high", now.fixes["high"]), ("medium", now.fixes["medium"]))
            if row["median"] is not None
        )
        + (
            (Link(f"open {worst['open_median']:.0f} d"),)
            if worst["open_median"] is not None
            else ()
        ),
        how=f"Half of the critical findings fixed in the last {FIX_PERIOD_DAYS} days were fixed in "
        "at most so many days. The age of what is open stands beside it, for fixing old findings "
        "makes the median grow. The line looks back from each week.",
        spark=_medians(now),
        command="plumbline ask time-to-fix",
    )


def _coverage(now: _Numbers, before: _Numbers | None, since: str) -> Tile:
    share = now.coverage
    earlier = before.coverage * 100 if before and before.coverage is not None else None
    older = now.summary["hosts"] - now.recent
    return Tile(
        label=f"Seen in {SEEN_DAYS} days",
        value=_UNKNOWN if share is None else f"{share:.0%}".rstrip("%"),
        unit="%" if share is not None else "no host",
        href=places.to("hosts", places.HERE, _SEEN),
        delta=_delta(
            None if share is None else share * 100, earlier, since, up_is_good=True, form=".1f"
        ),
        more=(
            Link("not seen", older, places.to("hosts", places.HERE, f"-{_SEEN}")),
            Link(
                "with credentials",
                now.credentialed,
                places.to("hosts", places.HERE, _SEEN, "credentialed:yes"),
            ),
        ),
        spark=bars.gauge(share, 1.0, "Share of hosts seen"),
        how="A falling number of findings is no progress where hosts are no longer scanned. Hosts "
        "the console still has; when a host was last seen is when a scan last found anything on "
        "it. No line: runs do not count hosts by age; --as-of DATE tells an earlier one.",
        command="plumbline ask coverage",
    )
