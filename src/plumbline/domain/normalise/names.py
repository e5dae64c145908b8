"""Names of hosts: in lower case, without the final dot and outer blanks.

Absent are null, empty text, `-`, `N/A` and a bare dot. Letter case and blanks are not worth
counting; a final dot is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from plumbline.domain.normalise.note import Normalised, Note
from plumbline.domain.normalise.text import scalar_text

_ABSENT = frozenset({"", "-", "n/a"})


def dns_name(value: Any) -> Normalised[str]:
    """A DNS name as it is compared: `Host.Example.` is `host.example`."""
    text = scalar_text(value)
    return _dns_name(str(value)) if text is None else _dns_name(text)


def netbios_name(value: Any) -> Normalised[str]:
    r"""A NetBIOS name, `DOMAIN\HOST` or `HOST`, in upper case as Windows writes it."""
    text = (scalar_text(value) or "") if not isinstance(value, list | dict) else str(value)
    return Normalised(None if text.lower() in _ABSENT else text.upper())


@lru_cache(maxsize=65_536)
def _dns_name(text: str) -> Normalised[str]:
    lowered = text.strip().lower()
    name = lowered.rstrip(". ")
    if name in _ABSENT:
        return Normalised()
    return Normalised(name, Note.NAME_DOT if name != lowered else None)
