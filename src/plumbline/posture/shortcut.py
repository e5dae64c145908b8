"""Findings found by their numbers, where an estate has them: the same rows, much sooner.

Whatever cannot be told from numbers alone (a long text, the key of a finding, an unknown field) is
left to the way that every estate goes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ibis
from ibis import udf
from ibis.expr import datatypes as dt

from plumbline.errors import UsageError
from plumbline.posture import coded as numbers
from plumbline.posture.coded import CODED, HELD, OWN, PLACE, RANK, TOLD
from plumbline.posture.filters import NO_QUERY
from plumbline.posture.findings import FINDINGS
from plumbline.posture.forms import Slots
from plumbline.posture.joins import joined, own_columns
from plumbline.posture.narrowing import filtered
from plumbline.posture.paging import beyond, directed
from plumbline.posture.relation import FieldKind, joined_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate
    from plumbline.posture.explore import Request
    from plumbline.posture.filters import Query
    from plumbline.posture.relation import Field, Relation

_LARGEST = 2**63
_UNSORTED = frozenset({FieldKind.TEXTS, FieldKind.KEY})
_ONE = frozenset({"host", "plugin_id"})
_KEY = {"console": str, "alias": str, "plugin_id": int, "port": int, "protocol": str}


@udf.scalar.builtin(name="epoch_us", signature=((dt.Timestamp("UTC"),), dt.int64))
def _microseconds(at):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - by its signature
    """Since 1970: sorts as the time does, and a statement takes it as a number."""


def coded(relation: Relation, estate: Estate, query: Query, names: Iterable[str] = ()) -> Relation:
    """Findings by their numbers, where these tell all that is looked at; else the relation."""
    if relation is not FINDINGS or estate.held(HELD) is None:
        return relation
    asked = [term.name for term in query.terms if term.name]
    return CODED if _are_known([*asked, *names]) else relation


def of(relation: Relation, estate: Estate, request: Request) -> Request | None:
    """The request as `found` takes it; None where numbers cannot tell its rows."""
    order = request.order or relation.order
    names = [name.removeprefix("-") for name in order]
    if coded(relation, estate, request.query, names) is relation or not _is_little(request):
        return None
    sorts = map(CODED.field, names)
    shown = [relation.field(name) for name in request.columns]
    if any(f.kind in _UNSORTED for f in sorts) or not set(own_columns(FINDINGS, shown)) <= {*OWN}:
        return None
    if request.after is None:
        return request
    after = _placed(estate, tuple(order), request.after)
    return None if after is None else replace(request, after=after)


def found(estate: Estate, request: Request, shown: Sequence[Field]) -> Relation:
    """Findings, but those alone that are on a page, in no order."""
    order = _order(request.order or CODED.order)
    rows = filtered(CODED, estate, request.query, [field for field, _ in order])
    rows, ranks = _ranked(rows, estate, order)
    names = [*ranks, *CODED.key]
    downs = [down for _, down in order]
    if request.after is not None:
        rows = rows.filter(beyond(rows, names, downs, request.after))
    turned = [*downs, *(False for _ in CODED.key)]
    keys = [directed(rows[name], down) for name, down in zip(names, turned, strict=True)]
    if request.limit is not None:
        rows = rows.order_by(keys).limit(request.limit, offset=request.offset)
    few = rows.select(PLACE)
    looked_at = [*shown, *(field for field, _ in order)]
    names = own_columns(TOLD, [*(TOLD.field(field.name) for field in looked_at)])
    return replace(TOLD, base=lambda estate: numbers.told(estate, few, names))


def _is_little(request: Request) -> bool:
    """Whether a page is asked for, or what is known of one host or plugin."""
    if request.limit is not None:
        return True
    named = (term for term in request.query.terms if term.name and not term.negated)
    return request.offset == 0 and any(CODED.field(t.name).name in _ONE for t in named)


def _are_known(names: Iterable[str]) -> bool:
    try:
        for name in names:
            CODED.field(name)
    except UsageError:
        # Another way tells of it, or refuses it in its own words.
        return False
    return True


def _order(names: Iterable[str]) -> list[tuple[Field, bool]]:
    return [(CODED.field(name.removeprefix("-")), name.startswith("-")) for name in names]


def _ranked(
    rows: ir.Table, estate: Estate, order: Sequence[tuple[Field, bool]]
) -> tuple[ir.Table, list[str]]:
    """The rows with what they are sorted by, and the names of that."""
    own = rows.columns
    fields = [field for field, _ in order]
    rows = joined(rows, CODED, estate, [f for f in fields if not _number(f)])
    ranks = {f"rank__{n}": _sorted_by(rows, estate, field) for n, field in enumerate(fields)}
    return rows.select(*own, **ranks), list(ranks)


def _sorted_by(rows: ir.Table, estate: Estate, field: Field) -> ir.Value:
    """Numbers for texts, wherever those are in the order of the texts."""
    if _number(field):
        return rows[_number(field)]
    value = field.compared(rows, estate)
    if field.kind is FieldKind.TIME:
        return _microseconds(value)
    rank = joined_name(field.source, f"{field.column or field.name}{RANK}")
    value = rows[rank] if rank in rows.columns else value
    # Wide enough for whatever stands in for a value while a statement is made.
    return value.cast("int64") if value.type().is_integer() else value


def _number(field: Field) -> str:
    """The number that stands for the field's value and nothing else; empty where none does."""
    code = next((code for code in numbers.CODES if code.name == field.source), None)
    return code.number if code is not None and len(code.columns) == 1 else ""


def _placed(estate: Estate, order: tuple[str, ...], after: Sequence[Any]) -> tuple[Any, ...] | None:
    """The place to go on at, in numbers; None where no finding is there."""
    key = tuple(after[-len(_KEY) :])
    if len(after) != len(order) + len(_KEY) or not all(map(_fits, key, _KEY.values())):
        return None
    slots = Slots()
    form = slots.after(key)
    wanted = ("after", order, key)
    rows = estate.formed(wanted, form, slots, lambda asked: _at(estate, order, asked)).fetch()
    if rows.num_rows != 1:
        return None
    return tuple(rows.to_pylist()[0].values())


def _at(estate: Estate, order: tuple[str, ...], key: Sequence[Any]) -> ir.Table:
    """What the finding of a key is sorted by."""
    fields = [CODED.field(name) for name in _KEY if name != "alias"]
    rows = filtered(CODED, estate, NO_QUERY, [*fields, *(field for field, _ in _order(order))])
    own = rows.columns
    rows = joined(rows, CODED, estate, fields)
    aliases = numbers.table(estate, "aliases").select("aliases_no", "alias")
    rows = rows.inner_join(aliases, "aliases_no")
    columns = [rows[n] if n == "alias" else CODED.field(n).value(rows, estate) for n in _KEY]
    tests = (c.isnull() if v is None else c == v for c, v in zip(columns, key, strict=True))
    rows = rows.filter(ibis.and_(*tests)).select(*own)
    rows, ranks = _ranked(rows, estate, _order(order))
    return rows.select(*ranks, *CODED.key)


def _fits(value: Any, kind: type) -> bool:
    """Whether a value can be one of a key; a port or a protocol may be unknown."""
    if isinstance(value, int) and abs(value) >= _LARGEST:
        return False
    return value is None or type(value) is kind
