"""Plugins, each revision given once."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.console.rows import PLUGIN_MARKS, Named
from plumbline.domain.normalise.references import kev
from plumbline.extract.sheet import STAGED, Sheet
from plumbline.extract.told import COMMA, Told, listed
from plumbline.tables import PLUGINS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from plumbline.domain.oddities import Oddities


class Plugins:
    """Picks the rows that tell a plugin for the first time, or in a new revision."""

    def __init__(self, console: str, latest: int) -> None:
        self._console = console
        self._latest = latest
        self._known: dict[Any, tuple[Any, ...]] = {}

    def read(self, told: Told, odd: Oddities, place: Callable[[int], str]) -> pa.Table:
        """Plugins not given before; counts in `odd` those told in two ways within a run."""
        new: list[Any] = []
        places: list[int] = []
        known = self._known
        for row, mark in enumerate(told.tuples(PLUGIN_MARKS)):
            before = known.get(mark[0])
            if before == mark:
                continue
            if before is not None:
                odd["plugin told in two ways"] += 1
            known[mark[0]] = mark
            new.append(told.rows[row])
            places.append(row)
        if not new:
            return STAGED["plugins"].empty_table()
        sheet = Sheet(self._console, new, self._latest, lambda number: place(places[number]))
        _fill(sheet, new)
        odd.update(sheet.odd)
        return sheet.table(STAGED["plugins"])


_PLUGIN_LISTS = {
    "see_also": ("seeAlso", re.compile(r"[\r\n]+")),
    "exploit_frameworks": ("exploitFrameworks", COMMA),
    "cves": ("cve", COMMA),
    "bids": ("bid", COMMA),
    "xrefs": ("xref", COMMA),
    # Comma in old consoles, <br/> in newer ones.
    "cpes": ("cpe", re.compile(r",|<br\s*/?>")),
}
"""Column to field and what stands between its parts."""
_PLAIN_PLUGIN = tuple(
    (c.name, c.source)
    for c in PLUGINS.columns
    if c.source
    and "." not in c.source
    and c.name not in {*_PLUGIN_LISTS, "plugin_id", "kev", "kev_due", "vpr_drivers"}
)


def _fill(sheet: Sheet, rows: Sequence[Any]) -> None:
    # The ids are counted with the findings.
    sheet.read("plugin_id", [row.pluginID for row in rows], "pluginID", counted=False)
    sheet.read_all(_PLAIN_PLUGIN, rows)
    sheet.read("vpr_drivers", [_as_json(row.vprContext) for row in rows], "vprContext")
    for name, (wire, separator) in _PLUGIN_LISTS.items():
        values = [listed(getattr(row, wire), separator) for row in rows]
        sheet.put(name, pa.array(values, Kind.TEXTS.arrow))
    for part in ("id", "name", "type"):
        name = {"id": "family_id", "name": "family", "type": "family_type"}[part]
        sheet.read(name, [_part(row.family, part) for row in rows], f"family.{part}")
    marks = [kev(row.xref) for row in rows]
    sheet.put("kev", pa.array([mark.listed for mark in marks], pa.bool_()))
    sheet.put("kev_due", pa.array([mark.due for mark in marks], pa.string()))


def _part(value: Any, part: str) -> Any:
    if isinstance(value, Named):
        return getattr(value, part)
    return value if part == "name" else None


def _as_json(value: Any) -> Any:
    """The drivers as JSON text; some consoles send the list itself."""
    if value in ("", "[]", None) or value == []:
        return None
    return value if isinstance(value, str) else json.dumps(value)
