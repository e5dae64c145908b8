"""Who did what. Entries can be added and read, never changed."""

from __future__ import annotations

import getpass
import os

from plumbline.ledger.faults import storage_faults
from plumbline.ledger.models import AuditRow
from plumbline.ledger.records import Act


@storage_faults()
def note(action: str, subject: str, detail: str = "") -> None:
    """Add an entry in the name of the user this process runs as; never give it a secret."""
    AuditRow.objects.create(who=_who(), action=action, subject=subject, detail=detail)


@storage_faults()
def listing(limit: int = 100) -> tuple[Act, ...]:
    """The newest entries, newest first."""
    return tuple(
        Act(at=row.at, who=row.who, action=row.action, subject=row.subject, detail=row.detail)
        for row in AuditRow.objects.order_by("-pk")[:limit]
    )


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user often has no name
        return f"uid {os.getuid()}"
