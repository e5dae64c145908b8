"""Where the rows of a list come from: what was asked, as of when, and how that was proven."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from plumbline.report.reports import sight
from plumbline.report.reports.sureness import proof_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from plumbline.posture.engine import Estate


def about(
    estate: Estate, asked: str, order: Sequence[str] = (), partly: Container[str] = ()
) -> tuple[tuple[str, str], ...]:
    """What a sheet beside the rows tells of them; no totals of connections seen partly.

    Raises:
        StorageError: the ledger cannot be read.
    """
    told = sight.proofs(estate, partly)
    proofs = ((f"connection {one['connection']}", _proof(one)) for one in told)
    return (("query", asked or "everything"), ("order", ", ".join(order)), *proofs)


def _proof(one: dict[str, Any]) -> str:
    at = f"{one['as_of'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"as of {at}, run {one['run']}, {one['state']}, {proof_of(one)}"
