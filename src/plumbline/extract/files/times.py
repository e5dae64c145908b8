"""Moments as epoch seconds in text; what `domain.normalise.times` reads, in an older shape."""

from __future__ import annotations

from typing import NamedTuple

from plumbline.domain.normalise import times


class Moment(NamedTuple):
    """A moment that was read."""

    epoch: str = ""
    """Seconds since 1970; empty where none is told."""
    guessed: str = ""
    """Name of a time zone that is not known, so that UTC was taken."""


def moment(text: str) -> Moment:
    """Read a moment; nothing where none is told.

    Raises:
        ValueError: it is no form that is known.
    """
    found = times.read(text.strip())
    if found.note is not None and found.note.unreadable:
        raise ValueError(f"{text!r}: {found.note}")
    if found.seconds is not None and found.seconds < 0:
        raise ValueError("before 1970")
    return Moment("" if found.seconds is None else str(found.seconds), found.zone)
