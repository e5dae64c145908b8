"""The frozen values this package hands out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from plumbline.domain.person import Purview, Right, Role


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


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A list as somebody wants to see it again. Times are UTC."""

    slug: str
    """What its address ends with."""
    person: str
    """Whose it is."""
    kind: str
    """The list it is of: findings, hosts, vulnerabilities or lists."""
    name: str
    query: str
    order: tuple[str, ...]
    columns: tuple[str, ...]
    """None for the list's own."""
    shared: bool
    """Whether everybody finds it; each sees in it what they may see."""
    created: datetime
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a person wants a list to look."""

    columns: tuple[str, ...] = ()
    """None for the list's own."""
    order: tuple[str, ...] = ()
    dense: bool = False
    begins: str = ""
    """The slug of the view it begins with; empty for the list itself."""
