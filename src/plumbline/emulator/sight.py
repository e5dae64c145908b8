"""What the user may see: repositories given and taken, role, group and its viewable addresses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from plumbline.emulator.addresses import Ranges

if TYPE_CHECKING:
    from plumbline.emulator.estate import Estate, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The user's role and group, as `/currentUser` tells them."""

    role: int = 7
    """Id of the role; 7 is the Auditor."""
    group: int = 0
    group_name: str = "Full Access"
    responsible: int | None = None
    """Id of the asset list that the user is responsible for; it limits nothing."""
    ranges: str = ""
    """Addresses that the group may view, as in a static asset list; all if there are none."""


def hide(estate: Estate, repository: int) -> None:
    """Take a repository from the user's group.

    Raises:
        ValueError: the group has no such repository.
    """

    def change(view: View) -> View:
        gone = [one for one in view.repositories if one.id == repository]
        if not gone:
            raise ValueError(f"the group has no repository {repository}")
        left = tuple(one for one in view.repositories if one.id != repository)
        return _noted(estate, replace(view, repositories=left, hidden=(*view.hidden, *gone)))

    estate.publish(change)


def show(estate: Estate, repository: int) -> None:
    """Give a repository to the user's group that was taken from it.

    Raises:
        ValueError: no such repository was taken.
    """

    def change(view: View) -> View:
        back = [one for one in view.hidden if one.id == repository]
        if not back:
            raise ValueError(f"no repository {repository} was taken from the group")
        seen = tuple(sorted((*view.repositories, *back), key=lambda one: one.id))
        left = tuple(one for one in view.hidden if one.id != repository)
        return _noted(estate, replace(view, repositories=seen, hidden=left))

    estate.publish(change)


def assign(estate: Estate, **changes: Any) -> Sight:
    """Give the user another role, group or responsible list; see `Sight` for the names.

    Raises:
        ValueError: the addresses cannot be read, or there is no such role or list.
    """

    def change(view: View) -> View:
        sight = replace(view.sight, **changes)
        Ranges(sight.ranges)
        if not 2 <= sight.role <= 7:  # noqa: PLR2004 - roles of an organisation
            raise ValueError(f"a user of an organization has a role from 2 to 7, not {sight.role}")
        if sight.responsible not in {None, *(one.id for one in view.lists)}:
            raise ValueError(f"there is no asset list {sight.responsible}")
        return _noted(estate, replace(view, sight=sight))

    return estate.publish(change).sight


def _noted(estate: Estate, view: View) -> View:
    hidden = frozenset(one.id for one in view.hidden)
    estate.record.saw(at=int(estate.as_of), hidden=hidden, ranges=view.sight.ranges)
    return view
