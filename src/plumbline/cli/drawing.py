"""The parts of the posture summary, drawn for a terminal of any width.

Severities are told by glyph and word, never by colour alone. Texts of the console are made
harmless before they are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from plumbline.report.marks import MARKS, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from rich.console import RenderableType

Row = dict[str, Any]
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BAR_LEAST, _BAR_REST = 8, 42
_NARROW = 80
_NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Where the numbers of one console come from."""

    console: str
    as_of: datetime
    run: int | None = None
    state: str = ""
    checks: int = 0
    """Totals of the console that were compared with ours."""
    agreeing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """The answers the summary is drawn from, as rows."""

    totals: Row
    severities: list[Row]
    ages: list[Row]
    hosts: list[Row]
    plugins: list[Row]
    lists: list[Row]
    residue: dict[str, int]
    """How many of each kind did not fall into place."""


def parts(
    found: Posture, fresh: Sequence[Freshness], width: int, now: datetime
) -> Iterator[RenderableType]:
    """Everything there is to draw, from top to bottom."""
    yield from (_freshness(one, now) for one in fresh)
    yield _heading("Open findings")
    yield _severities(found.severities, width)
    yield _totals(found.totals)
    yield _heading("How many days they have been open")
    yield _ages(found.ages, width)
    if found.hosts:
        yield _heading("Hosts to look at first")
        yield _hosts(found.hosts)
    if found.plugins:
        yield _heading("Plugins to look at first")
        yield _plugins(found.plugins, width)
    if found.lists:
        yield _heading("Asset lists")
        yield _lists(found.lists, several=len(fresh) > 1)
    yield _heading("Did not fall into place")
    yield _residue(found.residue)


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _freshness(fresh: Freshness, now: datetime) -> Text:
    line = Text.assemble(
        (visible(fresh.console), "bold"),
        f"  as of {fresh.as_of:%Y-%m-%d %H:%M} UTC, {_ago(now - fresh.as_of)} ago",
    )
    if fresh.run is not None:
        line.append(f"  ·  run {fresh.run} {fresh.state}")
    if fresh.checks:
        agrees = fresh.agreeing == fresh.checks
        line.append(
            f"  {'✔' if agrees else '✘'} {fresh.agreeing:,} of {fresh.checks:,} totals agree "
            "with the console",
            style="green" if agrees else "bold red",
        )
    return line


def _ago(age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count:
            return f"{count} {word}{'s' * (count > 1)}"
    return "less than a minute"


def _grid(*columns: tuple[str, bool]) -> Table:
    """A table without lines; each column with its name and whether it holds numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name, numbers in columns:
        table.add_column(
            name,
            justify="right" if numbers else "left",
            no_wrap=True,
            overflow="ellipsis",
            min_width=len(name) if numbers else None,
        )
    return table


def marked(severity: str, *, word: bool = True) -> Text:
    """A severity as glyph and word; only the glyph has a colour."""
    mark = MARKS[severity]
    return Text.assemble((mark.glyph, mark.style), f" {severity}" if word else "")


def bar(share: float, width: int) -> str:
    """A bar that fills a share of a width, to an eighth of a character."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _severities(rows: Sequence[Row], width: int) -> Table:
    most = max((row["findings"] for row in rows), default=0) or 1
    room = max(_BAR_LEAST, min(width, 100) - _BAR_REST)
    table = _grid(("", False), ("", False), ("findings", True), ("hosts", True))
    for row in rows:
        drawn = Text(bar(row["findings"] / most, room), style=MARKS[row["severity"]].style)
        table.add_row(marked(row["severity"]), drawn, f"{row['findings']:,}", f"{row['hosts']:,}")
    table.columns[1].min_width = room
    return table


def _totals(totals: Row) -> Text:
    told = (
        f"{totals['open']:,} open on {totals['hosts_open']:,} of {totals['hosts']:,} hosts",
        f"{totals['exploitable']:,} exploitable",
        f"{totals['kev']:,} in KEV",
        f"{totals['reopened']:,} reopened",
        f"{totals['accepted']:,} accepted",
        f"{totals['fixed']:,} fixed",
        f"{totals['vanished']:,} vanished",
    )
    return Text(" · ".join(told), style="none")


def _ages(rows: Sequence[Row], width: int) -> Table:
    """Severities by ages; what is not told only where there is something."""
    shown = [row for row in rows if row["total"] or row["days"] != _NOT_TOLD]
    if width < _NARROW:
        table = _grid(("days", False), *((severity, True) for severity in MARKS))
        for row in shown:
            table.add_row(row["days"], *(_count(row[severity]) for severity in MARKS))
        return table
    table = _grid(("", False), *((row["days"], True) for row in shown))
    for severity in MARKS:
        table.add_row(marked(severity), *(_count(row[severity]) for row in shown))
    return table


def _count(number: int) -> Text:
    return Text(f"{number:,}", style="none" if number else "dim")


def _worst(row: Row) -> list[Text]:
    return [_count(row[severity]) for severity in ("critical", "high", "medium")]


_WORST = tuple((MARKS[severity].glyph, True) for severity in ("critical", "high", "medium"))


def _hosts(rows: Sequence[Row]) -> Table:
    table = _grid(("risk", True), ("host", False), *_WORST, ("name", False))
    for row in rows:
        address = visible(row["ip"] or row["host"][:12])
        name = visible(row["host_name"] if row["host_name"] != row["ip"] else row["os"] or "")
        table.add_row(f"{row['risk']:.1f}", Text(address), *_worst(row), Text(name))
    return table


def _plugins(rows: Sequence[Row], width: int) -> Table:
    table = _grid(("risk", True), ("", False), ("plugin", True), ("hosts", True), ("name", False))
    for row in rows:
        name = Text(visible(row["name"] or ""))
        if row["kev"]:
            name = Text("KEV ", style="bold").append_text(name)
        table.add_row(
            f"{row['risk']:.1f}",
            marked(row["severity"], word=width >= _NARROW),
            str(row["plugin_id"]),
            f"{row['hosts']:,}",
            name,
        )
    return table


def _lists(rows: Sequence[Row], *, several: bool) -> Table:
    table = _grid(("risk", True), ("hosts", True), *_WORST, ("list", False))
    for row in rows:
        name = Text(visible(row["name"] or str(row["id"])))
        if several:
            name = Text(visible(row["console"]) + ": ", style="dim").append_text(name)
        table.add_row(f"{row['risk']:.1f}", f"{row['hosts']:,}", *_worst(row), name)
    return table


def _residue(residue: dict[str, int]) -> Text:
    if not residue:
        return Text("Nothing: every host is in a list, and every list has a host.")
    told = " · ".join(f"{kind}: {count:,}" for kind, count in sorted(residue.items()))
    return Text(told, style="none").append("\n`plumbline ask unaligned` tells each.", "dim")
