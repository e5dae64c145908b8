"""Which version of Security Center answers, and whether Plumbline can read it.

One rule for everybody who asks: what `/rest/system` says counts, else the `SecurityCenter` header.
Some consoles hide both, and some write words: such a version is not known, which is neither too
old nor any version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from plumbline.errors import QueryRefusedError, RefusedError

if TYPE_CHECKING:
    from plumbline.console.client import Console

OLDEST = (5, 13)
"""The first version with API keys."""
_MADE_FOR = (6, 6)
_NEWEST = (6, 8)
"""The newest that was looked at."""
_NUMBERS = re.compile(r"(?<![\w.-])v?(\d{1,4}(?:\.\d{1,4})+)", re.IGNORECASE)


class Support(StrEnum):
    """What a version means for reading it."""

    UNKNOWN = "not known"
    TOO_OLD = "too old"
    TOLERATED = "tolerated"
    SUPPORTED = "supported"
    NEWER = "newer than any version Plumbline was made for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version as the console wrote it, and its numbers; no numbers when they cannot be read."""

    text: str
    numbers: tuple[int, ...] = ()

    @classmethod
    def read(cls, system: str, header: str) -> Self:
        """What `/rest/system` says, or else the header; the first that has numbers counts."""
        for text in (system, header):
            if numbers := release(text):
                return cls(text=text.strip(), numbers=numbers)
        return cls(text=(system or header).strip())

    @property
    def support(self) -> Support:
        """Whether Plumbline reads such a console."""
        short = self.numbers[:2]
        if not short:
            return Support.UNKNOWN
        if short < OLDEST:
            return Support.TOO_OLD
        if short == _MADE_FOR:
            return Support.SUPPORTED
        return Support.TOLERATED if short <= _NEWEST else Support.NEWER

    @property
    def shown(self) -> str:
        """The product with its version, in one line for people."""
        if self.numbers:
            return f"Tenable Security Center {self.text}"
        said = " ".join(self.text.split())[:40]
        return f"the console tells no version{f' that can be read ({said!r})' if said else ''}"


def release(text: str) -> tuple[int, ...]:
    """The numbers of a version: (6, 6, 0) of "6.6.0"; empty when there are none.

    A single number is no version, and neither is one that begins with 0.
    """
    found = _NUMBERS.search(text)
    numbers = tuple(map(int, found[1].split("."))) if found else ()
    return numbers if numbers and numbers[0] else ()


def ask_version(*consoles: Console) -> Version:
    """The version as the first of these lines to one console tells it.

    A refusal is no error here: its header may tell the version, too.
    """
    found = Version(text="")
    for console in consoles:
        try:
            said = console.system().version
        except (RefusedError, QueryRefusedError):
            said = ""
        found = Version.read(said, console.version_told)
        if found.numbers:
            break
    return found
