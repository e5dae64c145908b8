"""Joining the sources of fields to a relation's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Field, Relation


def own_columns(relation: Relation, fields: Iterable[Field]) -> list[str]:
    """The relation's own columns that its key, these fields and their joins are made of."""
    names = dict.fromkeys(relation.key)
    for field in fields:
        for source in filter(None, (field.source, field.each)):
            names.update(dict.fromkeys(relation.source(source).keys))
        names.update(dict.fromkeys(field.own))
    return list(names)


def joined(
    rows: ir.Table,
    relation: Relation,
    estate: Estate,
    fields: Iterable[Field],
    *,
    few: bool = False,
) -> ir.Table:
    """The rows with the sources of some fields beside their columns.

    Where the rows are few, what is summed up from many rows is made for them alone.
    """
    kept = list(rows.columns)
    result = rows
    for source in map(relation.source, dict.fromkeys(f.source for f in fields if f.source)):
        if source.idle(estate):
            continue
        keys = list(source.keys)
        only = rows.select(*keys).distinct() if few and source.gathered else None
        table = source.table(estate, only)
        kept += [column for column in table.columns if column not in source.keys]
        # The keys of both sides have one name: those of the right side are renamed and left out.
        result = result.left_join(table, keys, rname=f"{source.name}__key__{{name}}")
    return result.select(*kept) if result is not rows else rows
