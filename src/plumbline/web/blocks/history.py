"""How open findings developed, week by week, all connections together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from plumbline.report.reports import weeks as told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plumbline.web.estates import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What was open at the end of a week."""

    monday: date
    numbers: Mapping[str, int] | None
    """By severity; None when a connection that was known by then was not read."""
    exploitable: int | None
    """None also where it was not counted."""
    connections: int
    """Those that were known by then."""

    @property
    def label(self) -> str:
        """How it is called."""
        return f"week of {self.monday:%-d %b %Y}"


def weeks(seen: Seen, of: str = "all", console: str = "") -> list[Week]:
    """The last half year, by the same gaps as reports have."""
    rows = [row for row in seen.ask("trend", of) if console in {"", row["console"]}]
    return [
        Week(
            monday=date.fromisoformat(one["week"]),
            numbers=one["numbers"],
            exploitable=one["exploitable"],
            connections=one["connections"],
        )
        for one in told.weeks(rows)
    ]
