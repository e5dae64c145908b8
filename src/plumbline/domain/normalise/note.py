"""What every normaliser returns."""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Note(StrEnum):
    """What was changed in a value, or why it could not be read; the text is shown to users."""

    ADDRESS_REWRITTEN = "IPv6 address rewritten to its canonical form"
    ADDRESS_MAPPED = "IPv4 address written as IPv6, read as IPv4"
    ADDRESS_ZONE = "zone id dropped from an IPv6 address"
    ADDRESS_ZEROS = "IPv4 address with leading zeros, read as decimal"
    ADDRESS_UNREADABLE = "address that is none, kept as text"
    NAME_DOT = "final dot dropped from a name"
    TIME_MILLISECONDS = "time in milliseconds, read as such"
    TIME_ZONE_UNKNOWN = "time zone that is not known, taken as UTC"
    TIME_OUTSIDE = "time before 1990 or after the run"
    TIME_AMBIGUOUS = "date whose day and month cannot be told apart"
    TIME_UNREADABLE = "time that is none"
    EPSS_PER_CENT = "EPSS given as per cent"
    SCORE_COMMA = "decimal comma read as a point"
    SCORE_OUTSIDE = "score out of its documented bounds"
    SCORE_UNREADABLE = "score that is no number"
    PLUGIN_ABSENT = "finding without a plugin id"
    PLUGIN_UNREADABLE = "plugin id that is no whole number of 64 bits"
    PORT_UNREADABLE = "port that is none (0 to 65535)"
    PROTOCOL_NUMBER = "protocol given as a number, read as its name"
    SEVERITY_BY_NAME = "severity without a known id, read by its name"
    SEVERITY_UNREADABLE = "severity is none of the known ones"

    @property
    def unreadable(self) -> bool:
        """Whether the value could not be read, so that the raw one must be kept."""
        return self in _UNREADABLE


_UNREADABLE = frozenset(
    {
        Note.ADDRESS_UNREADABLE,
        Note.TIME_OUTSIDE,
        Note.TIME_AMBIGUOUS,
        Note.TIME_UNREADABLE,
        Note.SCORE_OUTSIDE,
        Note.SCORE_UNREADABLE,
        Note.PLUGIN_UNREADABLE,
        Note.PORT_UNREADABLE,
        Note.SEVERITY_UNREADABLE,
    }
)


class Normalised(NamedTuple, Generic[T]):
    """A value in its one form."""

    value: T | None = None
    """None where the value is absent, or where it cannot be read and `note` says why."""
    note: Note | None = None
    """None where nothing is worth counting."""

    @property
    def odd(self) -> bool:
        """Whether a value was there that could not be read."""
        return self.note is not None and self.note.unreadable
