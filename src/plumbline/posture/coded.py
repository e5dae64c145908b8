"""Findings in numbers: what a filter, an order or a facet looks at, as narrow as it can be.

A table of its own has a row for each finding, with small numbers in place of texts; beside it, for
each kind of number, a table tells what it stands for. Conditions are put to those few rows, and the
many are only counted, sorted and cut. What a page shows of them is then read as it always is, so
that it says the same with this and without.

It is made once for an estate that is asked again and again; see `prepare`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import ibis

from plumbline.posture.engine import Statement
from plumbline.posture.findings import FINDINGS
from plumbline.posture.joins import joined
from plumbline.posture.relation import Field, FieldKind, Relation, Source
from plumbline.tables import FINDINGS as _TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

HELD = "coded"
"""Under this name an estate has its numbers."""
CONSOLE = "consoles_no"
PLACE = "place"
"""Number of a row, in no order."""
RANK = "__rank"
"""Ends the name of a column that sorts as a text does."""
ROWS = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Columns that a number stands for."""

    name: str
    columns: tuple[str, ...]
    more: Callable[[ir.Table, Estate], ir.Table] = lambda rows, _: rows
    """Adds what else is known of them."""

    @property
    def number(self) -> str:
        """The column of the number."""
        return f"{self.name}_no"

    def of(self, rows: ir.Table, estate: Estate, _: Mapping[str, ir.Table]) -> ir.Table:
        """A row a number: the columns it stands for, in their order, and what is known of them."""
        every = rows.select(*self.columns).distinct()
        every = every.filter(*(every[name].notnull() for name in self.columns))
        number = ibis.row_number().over(order_by=[every[name] for name in self.columns])
        return self.more(every.mutate(number.cast("int32").name(self.number)), estate)

    def source(self) -> Source:
        """To join what the number stands for."""
        return Source(
            name=self.name, keys=(self.number,), build=lambda estate, _: table(estate, self.name)
        )


def _known(name: str, *keys: str) -> Callable[[ir.Table, Estate], ir.Table]:
    """Adds the columns of a source of findings, and numbers that sort as its texts do."""

    def add(rows: ir.Table, estate: Estate) -> ir.Table:
        table = FINDINGS.source(name).build(estate, None)
        table = table.drop(*(c for c in table.columns if c in _LONG))
        found = rows.left_join(table, list(keys), rname="other__{name}")
        found = found.drop(*(f"other__{key}" for key in keys))
        texts = [c for c in table.columns if c not in keys and table[c].type().is_string()]
        return found.mutate(**{f"{text}{RANK}": _rank(found[text]) for text in texts})

    return add


def _rank(column: ir.StringValue) -> ir.IntegerValue:
    """Null where the text is, so that it comes last either way."""
    place = ibis.dense_rank().over(order_by=ibis.asc(column, nulls_first=False))
    return ibis.cases((column.notnull(), place.cast("int32")))


_LONG = frozenset({"synopsis", "description", "solution", "cves", "xrefs"})
_known_plugins = _known("plugins", "console", "plugin_id")


def _plugins(rows: ir.Table, estate: Estate) -> ir.Table:
    found = _known_plugins(rows, estate)
    known = (found.exploit | found.kev).fill_null(False)  # noqa: FBT003 - the engine's signature
    return found.mutate(exploitable=known)


def _addresses(rows: ir.Table, _: Estate) -> ir.Table:
    return rows.mutate(_rank(rows.ip).name(f"ip{RANK}"))


CODES = (
    Code(name="aliases", columns=("console", "alias")),
    Code(name="plugins", columns=("console", "plugin_id"), more=_plugins),
    Code(name="hosts", columns=("console", "host"), more=_known("hosts", "console", "host")),
    Code(name="ips", columns=("console", "ip"), more=_addresses),
    Code(name="places", columns=("console", "repository_id")),
    Code(name="consoles", columns=("console",)),
    Code(name="states", columns=("state",)),
    Code(name="protocols", columns=("protocol",)),
    Code(name="standings", columns=("sla",)),
)
_CODE = {code.name: code for code in CODES}
_TOLD = {
    "console": "consoles",
    "state": "states",
    "protocol": "protocols",
    "sla": "standings",
    "repository_id": "places",
    "plugin_id": "plugins",
    "host": "hosts",
    "ip": "ips",
}
"""Where a field's value stands beside its number."""
_KEYED = {
    "repository": "places",
    "each_repository_name": "places",
    "lists": "hosts",
    "each_list": "hosts",
    "each_cve": "plugins",
    "each_xref": "plugins",
}
"""Sources that are joined by what a number stands for."""
_SMALL = {
    "port": "int32",
    "severity": "int8",
    "accepted": "boolean",
    "recast": "boolean",
    "mitigated_before": "boolean",
    "first_seen": None,
    "last_seen": None,
    "fixed_at": None,
    "opened_run": "int32",
    "changed_run": "int32",
}
"""Own columns that stay what they are, and how narrow they are kept."""


def _field(field: Field) -> Field | None:
    """A field of findings as it is asked of numbers; None where that cannot be."""
    if field.name in _TOLD:
        return replace(
            field, source=_TOLD[field.name], column=field.name, build=None, each="", needs=()
        )
    if field.name in {"risk", "age_days"}:
        return replace(field, source="", build=None, needs=())
    if field.name == "exploitable":
        return replace(field, build=None)
    if not _is_told(field):
        return None
    if field.kind is FieldKind.TIME:
        # Ages are told up to the console's own moment.
        return replace(field, needs=(*field.own, CONSOLE))
    return field


def _is_told(field: Field) -> bool:
    """Whether numbers hold all that a field is made of."""
    if field.lengthy or field.kind is FieldKind.KEY:
        return False
    sources = {source for source in (field.source, field.each) if source}
    return set(field.own) <= {*_SMALL} and sources <= {*_CODE, *_KEYED}


def _keyed(source: Source) -> Source:
    code = _CODE[_KEYED[source.name]]

    def build(estate: Estate, _: ir.Table | None) -> ir.Table:
        keys = list(source.keys)
        known = source.build(estate, None)
        numbers = table(estate, code.name).select(code.number, *keys)
        told = [name for name in known.columns if name not in keys]
        return numbers.inner_join(known, keys).select(code.number, *told)

    return replace(source, keys=(code.number,), build=build, gathered=False)


CODED = Relation(
    name=FINDINGS.name,
    doc=FINDINGS.doc,
    base=lambda estate: table(estate, ROWS),
    key=("aliases_no", "plugins_no", "port", "protocols_no", PLACE),
    fields=tuple(one for field in FINDINGS.fields if (one := _field(field)) is not None),
    sources=(
        *(code.source() for code in CODES),
        *(_keyed(FINDINGS.source(name)) for name in _KEYED),
    ),
    searched=FINDINGS.searched,
    order=FINDINGS.order,
)
"""Findings, to be filtered, sorted and counted by numbers. They sort as findings do."""


def table(estate: Estate, name: str) -> ir.Table:
    """A table of the numbers of an estate that has them."""
    made: ir.Table = estate.held(HELD)[name]
    return made


def prepare(estate: Estate) -> bool:
    """Make the numbers of an estate; whether it has them now.

    Packed, they take some 40 bytes a finding of the engine's memory while the estate lives.

    Raises:
        StorageError: the engine could not read its files or had no room.
    """
    if estate.held(HELD) is None and estate.is_local:
        rows = _worked_out(estate)
        made = {code.name: partial(code.of, rows, estate) for code in CODES}
        tables = estate.packed(HELD, {**made, ROWS: partial(_numbered, rows)})
        if _is_whole(tables[ROWS], estate):
            names = Statement.of(tables["consoles"], estate.backend).fetch().to_pylist()
            estate.hold(CONSOLE, {row["console"]: row[CONSOLE] for row in names})
            estate.hold(HELD, tables)
    return estate.held(HELD) is not None


def _worked_out(estate: Estate) -> ir.Table:
    """Findings with what is worked out for each of them."""
    rows = estate.table("findings")
    own = rows.columns
    rows = joined(rows, FINDINGS, estate, [FINDINGS.field("risk")])
    names = ("risk", "age_days", "sla")
    made = {name: FINDINGS.field(name).value(rows, estate) for name in names}
    return rows.select(*own, **made)


def _numbered(rows: ir.Table, tables: Mapping[str, ir.Table]) -> ir.Table:
    """A narrow row for each finding."""
    for code in CODES:
        numbers = tables[code.name].select(code.number, *code.columns)
        kept = [*rows.columns, code.number]
        rows = rows.left_join(numbers, list(code.columns), rname="code__{name}").select(*kept)
    own = (rows[name].cast(kind) if kind else rows[name] for name, kind in _SMALL.items())
    return rows.select(
        ibis.row_number().cast("int32").name(PLACE),
        *(code.number for code in CODES),
        *(column.name(name) for column, name in zip(own, _SMALL, strict=True)),
        rows.risk,
        rows.age_days.cast("int32").name("age_days"),
        # The same 32 digits in half the room.
        rows.finding.cast("uuid").name("finding"),
    )


def _is_whole(rows: ir.Table, estate: Estate) -> bool:
    """Whether every finding can be told by its numbers."""
    lost = rows.filter(rows[CODED.key[0]].isnull() | rows[CODED.key[1]].isnull())
    return not Statement.of(lost.limit(1), estate.backend).fetch().num_rows


def told(estate: Estate, few: ir.Table, names: Iterable[str]) -> ir.Table:
    """The findings at some places: their numbers, and these columns that findings have."""
    rows = table(estate, ROWS).semi_join(few, PLACE)
    wanted = [name for name in OWN if name in names]
    kinds = estate.table("findings").schema()
    narrow = {**{name: kinds[name] for name in wanted if name in _SMALL}, "age_days": "int64"}
    rows = rows.cast(narrow).mutate(finding=rows.finding.cast("string").replace("-", ""))
    for code in CODES:
        mine = [name for name in wanted if name in code.columns and code is _teller(name)]
        if mine:
            numbers = table(estate, code.name).select(code.number, *mine)
            kept = [*rows.columns, *mine]
            rows = rows.left_join(numbers, code.number, rname="code__{name}").select(*kept)
    return rows


def _teller(name: str) -> Code:
    """The code that tells a column: the one of the fewest columns."""
    return min((code for code in CODES if name in code.columns), key=lambda c: len(c.columns))


_SHOWN, _TEXTS = frozenset({"hosts", "plugins"}), "texts"


def _shown(field: Field) -> Field:
    """A field of findings that are few: read from what the numbers stand for, if that is there."""
    if field.source == "plugins" and field.name in _LONG:
        return replace(field, source=_TEXTS)
    if field.name in {"risk", "age_days"} or field.source in _SHOWN:
        return CODED.field(field.name)
    return field


TOLD = replace(
    FINDINGS,
    fields=tuple(map(_shown, FINDINGS.fields)),
    sources=(
        *(source for source in CODED.sources if source.name in _SHOWN),
        replace(FINDINGS.source("plugins"), name=_TEXTS),
        *(source for source in FINDINGS.sources if source.name not in _SHOWN),
    ),
)
"""Findings as they are told from numbers, once they are few."""
OWN = tuple(
    name
    for name in _TABLE.names
    if name in {"finding", *_SMALL} or any(name in code.columns for code in CODES)
)
"""Columns of findings that can be told from numbers."""
