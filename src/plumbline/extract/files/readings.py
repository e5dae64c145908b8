"""The normalisers for texts of files: the same few are read again and again, so they remember."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from plumbline.domain.normalise import (
    addresses,
    names,
    plugin_ids,
    ports,
    scores,
    severities,
    times,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.domain.normalise import Normalised

_REMEMBERED = 65_536

address = lru_cache(_REMEMBERED)(addresses.address)
dns_name = lru_cache(_REMEMBERED)(names.dns_name)
netbios_name = lru_cache(_REMEMBERED)(names.netbios_name)
plugin_id = lru_cache(_REMEMBERED)(plugin_ids.plugin_id)
port = lru_cache(_REMEMBERED)(ports.port)
protocol = lru_cache(_REMEMBERED)(ports.protocol)
severity = lru_cache(_REMEMBERED)(severities.severity)
epss = lru_cache(_REMEMBERED)(scores.epss)
vpr = lru_cache(_REMEMBERED)(scores.vpr)
cvss = lru_cache(_REMEMBERED)(scores.cvss)
acr = lru_cache(_REMEMBERED)(scores.acr)
aes = lru_cache(_REMEMBERED)(scores.aes)


@lru_cache
def moments(earliest: int, latest: int) -> Callable[..., Normalised[int]]:
    """How moments within some bounds are read: a text, and whether its day comes first."""

    @lru_cache(_REMEMBERED)
    def read(text: str, day_first: bool | None = None) -> Normalised[int]:  # noqa: FBT001 - by place, which is fast
        return times.moment(text, earliest=earliest, latest=latest, day_first=day_first)

    return read
