"""Evidence that a run holds what the console holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    console: int

    @property
    def agrees(self) -> bool:
        """Whether both count the same."""
        return self.ours == self.console
