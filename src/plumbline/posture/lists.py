"""Asset lists: one row for each list, with what is open on its hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import counts, risk, score
from plumbline.posture.counted import combined_risk, number, severities
from plumbline.posture.relation import Field, FieldKind, Relation, Source

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_TEXT, _INTEGER = FieldKind.TEXT, FieldKind.INTEGER
_OPEN, _PARTS = "open", "parts"
_KEYS = ("console", "list_id")
UNPARSED = "unparsed"


def parts(estate: Estate, _: ir.Table | None = None) -> ir.Table:
    """How many parts decide each list's members: ranges, names and ids that could be read."""
    decides = estate.table("asset_lists").select(*_KEYS, origin="decided_by")
    ranges = estate.table("ranges")
    ranges = ranges.filter(ranges.kind != UNPARSED)
    ranges = ranges.semi_join(decides, [*_KEYS, "origin"])
    return ranges.group_by(*_KEYS).aggregate(ranges=ranges.count())


def _unparsed(rows: ir.Table, _: Estate) -> ir.IntegerValue:
    return rows.unparsed.length().fill_null(0)


def _score(rows: ir.Table, _: Estate) -> ir.FloatingValue:
    return score.shown(rows.open__score)


FIELDS = (
    Field("console", _TEXT, "connection it came through", tells_apart=True),
    Field("id", _INTEGER, "number of the list", column="list_id", shown=True, local=True),
    Field("name", _TEXT, "name", shown=True),
    Field("type", _TEXT, "static, dnsname, dynamic, combination and others", shown=True),
    Field(
        "hosts",
        _INTEGER,
        "hosts in it",
        source=_OPEN,
        build=number(_OPEN, "hosts"),
        shown=True,
    ),
    Field(
        "ranges",
        _INTEGER,
        "parts that decide who is in it",
        source=_PARTS,
        build=number(_PARTS, "ranges"),
    ),
    Field(
        "unparsed",
        _INTEGER,
        "lines of its definition that could not be read",
        build=_unparsed,
        needs=("unparsed",),
    ),
    *severities(_OPEN),
    Field(
        "findings",
        _INTEGER,
        "open findings together",
        source=_OPEN,
        build=number(_OPEN, "findings"),
    ),
    combined_risk(_OPEN, risk.LIST_SCALE, "how urgent it is, 0 to 10"),
    Field(
        "score",
        FieldKind.NUMBER,
        "posture of its hosts, 0 to 100; 100 is best",
        source=_OPEN,
        build=_score,
    ),
    Field("prepared", FieldKind.FLAG, "the console has worked out its addresses"),
    Field("decided_by", _TEXT, "definition or viewable: what decides who is in it"),
    Field("ip_count", _INTEGER, "the console's own count of addresses"),
    Field("owner", _TEXT, "owner"),
    Field("tags", _TEXT, "tags"),
    Field("description", _TEXT, "description", lengthy=True),
    Field("created", FieldKind.TIME, "created"),
    Field("modified", FieldKind.TIME, "changed"),
    Field("extra", _TEXT, "further fields that the connection asks for, as JSON", lengthy=True),
)

LISTS = Relation(
    name="lists",
    doc="One row for each asset list.",
    base=lambda estate: estate.table("asset_lists"),
    key=_KEYS,
    fields=FIELDS,
    sources=(
        Source(name=_OPEN, keys=_KEYS, build=lambda estate, _: counts.by_list(estate)),
        Source(name=_PARTS, keys=_KEYS, build=parts),
    ),
    searched=("name", "id", "description", "tags", "owner"),
    order=("-risk", "-findings", "name"),
    ties=("-findings", "name"),
)
