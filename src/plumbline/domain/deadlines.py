"""By when findings should be fixed: so many days from the day they were first seen."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline.domain.severity import Severity

LEAST_DAYS, MOST_DAYS = 1, 3_650


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Days from the first sight of a finding to the end of its deadline, by severity."""

    critical: int = 15
    high: int = 30
    medium: int = 90
    low: int = 180

    def days(self, severity: Severity) -> int | None:
        """Days for a severity; an informational finding has no deadline."""
        return None if severity is Severity.INFO else int(getattr(self, severity.word))

    @property
    def words(self) -> dict[str, int]:
        """Days by the word of the severity, the worst first."""
        return {s.word: d for s in sorted(Severity, reverse=True) if (d := self.days(s))}

    def __str__(self) -> str:
        return ", ".join(f"{word} {days} days" for word, days in self.words.items())
