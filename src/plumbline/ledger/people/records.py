"""The frozen values this package hands out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from plumbline.terms.person import Purview, Right, Role


class LinkKind(StrEnum):
    """What a one-time link is for."""

    FIRST = "first"
    """Makes the first administrator."""
    PASSWORD = "password"  # noqa: S105 - a word, no password
    """Lets a person set a password."""
    KEYS = "keys"
    """Lets whoever has it hand over the keys of a connection."""
    ENTRY = "entry"
    """Signs a person in; made by the demo for its own alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign in. Times are UTC."""

    id: int
    name: str
    role: Role
    granted: frozenset[Right]
    """Rights beside those of the role."""
    rights: frozenset[Right]
    """Everything the person may do."""
    purview: Purview
    active: bool
    has_password: bool
    created: datetime
    created_by: str
    last_sign_in: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key for programs, without the key. Times are UTC."""

    id: int
    person: str
    name: str
    hint: str
    role: Role
    purview: Purview
    created: datetime
    expires: datetime
    used: datetime | None
    revoked: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """Whom a token speaks for, and what it may."""

    token: Token
    person: Person
    rights: frozenset[Right]
    purviews: tuple[Purview, ...]
    """What the person may see and what the token may; both hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A one-time link, without its secret."""

    kind: LinkKind
    person: str | None
    subject: str
    created_by: str
    created: datetime
    expires: datetime
