"""People who use the product: what they may do, and what of the data they may see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Right(StrEnum):
    """One thing a person may do."""

    SEE = "see"
    """Pages, numbers and exports, within what the person may see."""
    SHARE = "share"
    """Views and reports that others see as well."""
    RUN = "run"
    """Start and stop runs."""
    CONNECT = "connect"
    """Add, change and remove connections and their schedules."""
    GOVERN = "govern"
    """Set deadlines and policies."""
    KEYS_SEE = "keys:see"
    """Whether a connection has keys, and since when; never the keys."""
    KEYS_SET = "keys:set"
    """Give a connection its keys, or let somebody hand them over."""
    KEYS_DELETE = "keys:delete"
    """Take a connection's keys away."""
    AUDIT = "audit"
    """Read who did what."""
    PEOPLE = "people"
    """Add people and say what they may do."""

    @property
    def doc(self) -> str:
        """What it lets a person do, in words."""
        return _DOCS[self]


_DOCS = {
    Right.SEE: "see pages, numbers and exports",
    Right.SHARE: "share views and reports",
    Right.RUN: "start and stop runs",
    Right.CONNECT: "set up connections and schedules",
    Right.GOVERN: "set deadlines and policies",
    Right.KEYS_SEE: "see whether a connection has keys",
    Right.KEYS_SET: "set a connection's keys",
    Right.KEYS_DELETE: "delete a connection's keys",
    Right.AUDIT: "read the audit log",
    Right.PEOPLE: "administer people",
}

GRANTABLE = (Right.KEYS_SEE, Right.KEYS_SET, Right.KEYS_DELETE, Right.AUDIT)
"""Rights that a person may be given beside those of the role."""


class Role(StrEnum):
    """What kind of work a person does here."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def rights(self) -> frozenset[Right]:
        """What everybody of this role may do."""
        return _RIGHTS[self]

    @classmethod
    def having(cls, right: Right) -> tuple[Role, ...]:
        """The roles that have a right."""
        return tuple(role for role in cls if right in role.rights)


_VIEWER = frozenset({Right.SEE})
_ANALYST = _VIEWER | {Right.SHARE}
_MANAGER = _ANALYST | {Right.RUN, Right.CONNECT, Right.GOVERN, Right.KEYS_SEE}
_RIGHTS = {
    Role.VIEWER: _VIEWER,
    Role.ANALYST: _ANALYST,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: frozenset(Right),
}

_REPOSITORY, _LIST = "repository", "list"
_FORMS = "write CONNECTION, CONNECTION/repository/ID or CONNECTION/list/ID"
_LARGEST = 2**63
Place = tuple[str, int]
"""A repository or an asset list: its connection and its number there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purview:
    """What of the data a person may see: all of what is named here; everything if nothing is."""

    connections: tuple[str, ...] = ()
    repositories: tuple[Place, ...] = ()
    asset_lists: tuple[Place, ...] = ()

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Self:
        """Read grants as they are written on the terminal and in forms.

        Raises:
            ValueError: one of them is none.
        """
        connections, repositories, lists = set(), set(), set()
        for text in filter(None, map(str.strip, texts)):
            match text.split("/"):
                case [connection] if connection:
                    connections.add(connection)
                case [connection, "repository", number] if connection:
                    repositories.add((connection, _number(number, text)))
                case [connection, "list", number] if connection:
                    lists.add((connection, _number(number, text)))
                case _:
                    raise ValueError(f"{text!r} is no grant: {_FORMS}")
        return cls(
            connections=tuple(sorted(connections)),
            repositories=tuple(sorted(repositories)),
            asset_lists=tuple(sorted(lists)),
        )

    @property
    def texts(self) -> tuple[str, ...]:
        """The grants as `parse` reads them."""
        return (
            *self.connections,
            *(f"{name}/{_REPOSITORY}/{number}" for name, number in self.repositories),
            *(f"{name}/{_LIST}/{number}" for name, number in self.asset_lists),
        )

    @property
    def whole(self) -> bool:
        """Whether nothing is kept from the person."""
        return not self.texts

    @property
    def consoles(self) -> frozenset[str]:
        """Connections of which anything may be seen."""
        places = (*self.repositories, *self.asset_lists)
        return frozenset((*self.connections, *(name for name, _ in places)))

    def holds(self, connection: str) -> bool:
        """Whether everything of a connection may be seen."""
        return self.whole or connection in self.connections


WHOLE = Purview()


def _number(text: str, grant: str) -> int:
    if text.isascii() and text.isdigit() and int(text[:20]) < _LARGEST:
        return int(text)
    raise ValueError(f"{grant!r} has no number at its end: {_FORMS}")
