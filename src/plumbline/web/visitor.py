"""Whoever asks: a person who signed in, or a program with a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.domain.person import Role

if TYPE_CHECKING:
    from django.http import HttpRequest

    from plumbline.domain.person import Purview, Right


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who asks, what they may do, and what they may see."""

    name: str
    rights: frozenset[Right]
    purviews: tuple[Purview, ...] = ()
    """What may be seen is within every one of these; everything without one."""
    token: str = ""
    """Name of the token, where a program asks."""
    unproven: bool = False
    """Whether they have to add a second factor first; they may do nothing else."""

    @property
    def who(self) -> str:
        """How the audit names them."""
        return f"{self.name} (token {self.token})" if self.token else self.name

    def may(self, right: Right, connection: str | None = None) -> bool:
        """Whether they may do something; with a connection named, with the whole of it."""
        if right not in self.rights:
            return False
        return connection is None or self.holds(connection)

    def holds(self, connection: str) -> bool:
        """Whether they may see everything of a connection."""
        return all(purview.holds(connection) for purview in self.purviews)


def visitor(request: HttpRequest) -> Visitor:
    """Who asks.

    Raises:
        LookupError: nobody signed in; the rules keep such a request from views that ask.
    """
    found = getattr(request, "visitor", None)
    if not isinstance(found, Visitor):
        raise LookupError("nobody signed in")  # noqa: TRY004 - what callers look for
    return found


def of_session(request: HttpRequest) -> Visitor | None:
    """The person who signed in, if anybody did."""
    from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415 - takes the site
    from plumbline.web import factors  # noqa: PLC0415 - the same

    row = request.user
    if not isinstance(row, PersonRow) or not row.is_active:
        return None
    if factors.lacking(row.pk, Role(row.role)):
        return Visitor(name=row.name, rights=frozenset(), unproven=True)
    purview = row.sees
    return Visitor(name=row.name, rights=row.may, purviews=() if purview.whole else (purview,))


def of_token(request: HttpRequest) -> Visitor | None:
    """The program whose token stands in the request, if it is good."""
    from plumbline.ledger.people import tokens  # noqa: PLC0415 - takes the site

    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        return None
    found = tokens.bearer(text.strip())
    if found is None:
        return None
    return Visitor(
        name=found.person.name,
        rights=found.rights,
        purviews=found.purviews,
        token=found.token.name,
    )
