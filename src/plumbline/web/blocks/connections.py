"""How the connections are that a visitor sees as a whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from plumbline.ledger import connections, health
from plumbline.web.installation import own

if TYPE_CHECKING:
    from plumbline.ledger.health import Health
    from plumbline.web.visitor import Visitor


def names(found: Visitor) -> list[str]:
    """The connections, by name."""
    return [e.connection.name for e in connections.list_all() if found.holds(e.connection.name)]


def healths(found: Visitor) -> tuple[Health, ...]:
    """How each is."""
    held = names(found)
    patience = timedelta(hours=own().stale_after_hours)
    return health.examine(datetime.now(UTC), patience, held) if held else ()
