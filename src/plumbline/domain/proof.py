"""Evidence that a run holds what the console holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from plumbline.domain.finding import Source
    from plumbline.domain.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Our count beside the console's own for one repository, store and severity."""

    repository_id: int
    source: Source
    severity: Severity
    ours: int
    """Different findings that were read."""
    console: int
    repeated: int = 0
    """Rows that the console gives more than once for good, and counts each time."""
    published: int | None = None
    """Findings in the published tables, counted again; none where nothing was published."""

    @property
    def agrees(self) -> bool:
        """Whether all counts are the same."""
        published = self.ours if self.published is None else self.published
        return self.ours + self.repeated == self.console and published == self.ours

    def as_row(self) -> dict[str, Any]:
        """The proof as the command line and the API give it to programs."""
        return {
            "repository_id": self.repository_id,
            "source": self.source,
            "severity": self.severity.word,
            "ours": self.ours,
            "repeated": self.repeated,
            "console": self.console,
            "published": self.published,
            "agrees": self.agrees,
        }
