"""The form in which a report is declared, and what it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.posture.engine import Estate


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is to be about."""

    estate: Estate
    """What its reader may see."""
    earlier: Estate | None = None
    """The same as the runs before told it, for what has changed; None without one."""
    query: str = ""
    """A filter on findings; the report is about those it finds."""
    title: str = ""
    warnings: tuple[str, ...] = ()
    """What a reader has to be warned of."""
    partly: frozenset[str] = frozenset()
    """Connections of which its reader sees a part: how a whole one was proven is not for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report."""

    name: str
    title: str
    doc: str
    gather: Callable[[Asked], dict[str, Any]]
    """Asks everything; what programs are given."""
    told: Callable[[dict[str, Any]], dict[str, Any]]
    """The same in words and lengths, as the template of the report's name prints it."""
