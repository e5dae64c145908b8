"""Severities as Tenable Security Center orders them."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Effective severity of a finding; the value is the console's own id (0 to 4)."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name as it is written everywhere: ``critical``, ``high``, …."""
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Severity:
        """Read a word or the console's number.

        Raises:
            ValueError: neither a severity's name nor 0 to 4.
        """
        cleaned = text.strip().lower()
        if cleaned.isdigit():
            return cls(int(cleaned))
        try:
            return cls[cleaned.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is not one of {', '.join(s.word for s in cls)}") from None


SC_WEIGHTS: dict[Severity, int] = {
    Severity.INFO: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 3,
    Severity.HIGH: 10,
    Severity.CRITICAL: 40,
}
"""Default weights of Security Center's own host score (organisation's vulnScore* fields)."""
