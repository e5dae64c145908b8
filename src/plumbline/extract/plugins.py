"""Plugins, each revision given once."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from plumbline.console.rows import PLUGIN_MARKS, Named
from plumbline.extract.sheet import STAGED, Sheet
from plumbline.extract.told import COMMA, Told, listed, written
from plumbline.tables import PLUGINS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence


class Plugins:
    """Picks the rows that tell a plugin for the first time, or in a new revision."""

    def __init__(self, console: str) -> None:
        self._console = console
        self._known: dict[Any, tuple[Any, ...]] = {}

    def read(self, told: Told, odd: dict[str, int]) -> pa.Table:
        """Plugins not given before; counts in `odd` those told in two ways within a run."""
        new: list[Any] = []
        known = self._known
        for place, mark in enumerate(told.tuples(PLUGIN_MARKS)):
            before = known.get(mark[0])
            if before == mark:
                continue
            if before is not None:
                odd["plugin told in two ways"] = odd.get("plugin told in two ways", 0) + 1
            known[mark[0]] = mark
            new.append(told.rows[place])
        if not new:
            return STAGED["plugins"].empty_table()
        sheet = Sheet(self._console, new)
        _fill(sheet, new)
        for kind, count in sheet.odd.items():
            odd.setdefault(kind, count)
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
    and c.name not in {*_PLUGIN_LISTS, "kev", "kev_due", "vpr_drivers"}
)
_KEV = re.compile(r"CISA-KNOWN-EXPLOITED\s*[#:]\s*([^,]*)")


def _fill(sheet: Sheet, rows: Sequence[Any]) -> None:
    sheet.read_all(_PLAIN_PLUGIN, rows)
    sheet.read("vpr_drivers", [_as_json(row.vprContext) for row in rows], "vprContext")
    for name, (wire, separator) in _PLUGIN_LISTS.items():
        values = [listed(getattr(row, wire), separator) for row in rows]
        sheet.put(name, pa.array(values, Kind.TEXTS.arrow))
    for part in ("id", "name", "type"):
        name = {"id": "family_id", "name": "family", "type": "family_type"}[part]
        sheet.read(name, [_part(row.family, part) for row in rows], f"family.{part}")
    known = [_KEV.search(written(row.xref)) for row in rows]
    sheet.put("kev", pa.array([found is not None for found in known], pa.bool_()))
    due = [found[1].strip() or None if found else None for found in known]
    sheet.put("kev_due", pa.array(due, pa.string()))


def _part(value: Any, part: str) -> Any:
    if isinstance(value, Named):
        return getattr(value, part)
    return value if part == "name" else None


def _as_json(value: Any) -> Any:
    """The drivers as JSON text; some consoles send the list itself."""
    if value in ("", "[]", None) or value == []:
        return None
    return value if isinstance(value, str) else json.dumps(value)
