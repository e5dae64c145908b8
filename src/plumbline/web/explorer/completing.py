"""What a filter that is being written could go on with."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from plumbline.errors import UsageError
from plumbline.posture import filters, refining
from plumbline.posture.relation import FieldKind
from plumbline.web.explorer import facets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.posture.relation import Field
    from plumbline.web.estates import Seen
    from plumbline.web.explorer.asking import Asked

_MOST = 12
_TERM = re.compile(r'-?([A-Za-z_][A-Za-z0-9_]*:)?((?:"[^"]*"?|[^\s"])*)$')
_COUNTED = frozenset(
    {FieldKind.TEXT, FieldKind.TEXTS, FieldKind.WORD, FieldKind.SEVERITY, FieldKind.FLAG}
)
_HINTS = {
    FieldKind.DAYS: ((">30", "more than 30 days"), ("0..7", "0 to 7 days")),
    FieldKind.NUMBER: ((">=7", "7 and above"), ("none", "not supplied")),
    FieldKind.TIME: (("<7d", "in the last 7 days"), (">30d", "more than 30 days ago")),
    FieldKind.ADDRESS: (("10.0.0.0/8", "a network"), ("10.1.*", "addresses that begin so")),
    FieldKind.INTEGER: ((">0", "more than none"),),
}


def options(asked: Asked, seen: Seen, at: int) -> dict[str, object]:
    """Texts that fit at a character, and from where to where they would stand."""
    before = asked.written[:at]
    found = _TERM.search(before)
    name, value = (found[1] or "", found[2]) if found else ("", "")
    last = value.rsplit(",", 1)[-1]
    start = len(before) - len(last)
    told = list(_values(asked, seen, name[:-1], last) if name else _fields(asked, last))
    return {
        "from": start,
        "till": at,
        "options": [{"text": text, "doc": doc} for text, doc in told[:_MOST]],
    }


def _fields(asked: Asked, begun: str) -> Iterator[tuple[str, str]]:
    wanted = begun.lower()
    fields = asked.kind.relation.fields
    starts = [f for f in fields if any(n.startswith(wanted) for n in (f.name, *f.names))]
    within = [f for f in fields if f not in starts and wanted and wanted in f.name]
    for field in (*starts, *within):
        yield f"{field.name}:", field.doc


def _values(asked: Asked, seen: Seen, name: str, begun: str) -> Iterator[tuple[str, str]]:
    try:
        field = asked.kind.relation.field(name)
    except UsageError:
        return
    wanted = begun.removeprefix("=").strip('"').lower()
    for word, members in field.groups:
        if word.startswith(wanted):
            yield word, " or ".join(members).replace("_", " ")
    if field.kind in _COUNTED and not field.lengthy:
        yield from _counted(asked, seen, field, wanted)
    else:
        yield from (hint for hint in _HINTS.get(field.kind, ()) if hint[0].startswith(wanted))


def _counted(asked: Asked, seen: Seen, field: Field, wanted: str) -> Iterator[tuple[str, str]]:
    """Values with the rows they have beside the rest of the query, while that can be read."""
    rest = refining.without(asked.query, asked.kind.relation, field.name)
    whole = replace(asked, query=rest if asked.mistake is None else filters.NO_QUERY)
    try:
        told = facets.values(whole, seen, field)
    except UsageError:
        told = facets.values(replace(asked, query=filters.NO_QUERY), seen, field)
    for value, rows in facets.ordered(field, told):
        if wanted in value.lower():
            text = str(refining.term(field.name, value)).removeprefix(f"{field.name}:")
            yield text, f"{rows:,} {asked.kind.one if rows == 1 else asked.kind.many}"
