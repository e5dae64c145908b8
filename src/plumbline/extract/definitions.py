"""What an asset list says of its members: its definition and the addresses the console works out.

Lists of some types name their members themselves (addresses or DNS names); of the others only the
console can tell, and its viewable addresses decide. Rules and combinations are kept as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from plumbline.domain.address import Member, MemberKind, Origin, members
from plumbline.tables import RANGES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SELF_DEFINED = frozenset(
    {
        "static",
        "staticeventfilter",
        "staticvulnfilter",
        "upload",
        "dnsname",
        "dnsnameupload",
        "watchlist",
        "watchlisteventfilter",
        "watchlistupload",
    }
)
"""Types whose definition is a text of addresses or names."""
_TEXTS = ("definedIPs", "definedDNSNames")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewableAddresses:
    """What the console sees of a list in one repository (`viewableIPs`)."""

    repository_id: int
    text: object
    """The `ipList`, as it came: a text or an array of texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDefinition:
    """An asset list as the console gives it, as far as its members are concerned."""

    list_id: int
    type: str
    type_fields: object = None
    """The `typeFields`, as they came: an object, or an empty array, or nothing."""
    viewable: tuple[ViewableAddresses, ...] = ()


class Part(NamedTuple):
    """One part of a list, and where it was read."""

    origin: Origin
    repository_id: int | None
    """None in a definition, which holds in every repository."""
    member: Member


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReading:
    """An asset list, read."""

    list_id: int
    decided_by: Origin
    definition: str
    """The definition as JSON; empty when the list has none."""
    parts: tuple[Part, ...]

    @property
    def unparsed(self) -> tuple[str, ...]:
        """What could not be read, each text once, as it came."""
        texts = (p.member.text for p in self.parts if p.member.kind is MemberKind.UNPARSED)
        return tuple(dict.fromkeys(texts))


def read_list(definition: ListDefinition) -> ListReading:
    """Read all that a list says; nothing is refused, what cannot be read is kept unparsed."""
    parts = (*_defined(definition), *_viewable(definition))
    return ListReading(
        list_id=definition.list_id,
        decided_by=_decided_by(definition, parts),
        definition=_as_json(definition.type_fields),
        parts=parts,
    )


def ranges_table(console: str, readings: Iterable[ListReading]) -> pa.Table:
    """The parts of the lists as rows of the `ranges` table; one list is unfolded at a time."""
    batches = [_batch(console, reading) for reading in readings]
    return pa.Table.from_batches(batches, RANGES.schema)


def defines_members(list_type: str, fields: object) -> bool:
    """Whether a definition says anything of its members; only its first part is read."""
    if list_type.lower() not in SELF_DEFINED or not isinstance(fields, Mapping):
        return False
    texts = _texts([fields.get(name) for name in _TEXTS])
    return any(True for text in texts for _ in members(text))


def _defined(definition: ListDefinition) -> Iterator[Part]:
    fields = definition.type_fields
    if definition.type.lower() not in SELF_DEFINED or not isinstance(fields, Mapping):
        return
    for member in _distinct([fields.get(name) for name in _TEXTS]):
        yield Part(origin=Origin.DEFINITION, repository_id=None, member=member)


def _viewable(definition: ListDefinition) -> Iterator[Part]:
    texts: dict[int, list[object]] = {}
    for seen in definition.viewable:
        texts.setdefault(seen.repository_id, []).append(seen.text)
    for repository_id, text in texts.items():
        for member in _distinct(text):
            yield Part(origin=Origin.VIEWABLE, repository_id=repository_id, member=member)


def _distinct(value: object) -> Iterable[Member]:
    return {m.text: m for text in _texts(value) for m in members(text)}.values()


def _texts(value: object) -> Iterator[str]:
    """The texts in a JSON value: an empty array may stand for an empty text, or for an object."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _decided_by(definition: ListDefinition, parts: Iterable[Part]) -> Origin:
    """Definition where it names members; viewable where it cannot, or names none while they do."""
    if definition.type.lower() not in SELF_DEFINED:
        return Origin.VIEWABLE
    usable = {p.origin for p in parts if p.member.kind is not MemberKind.UNPARSED}
    return Origin.VIEWABLE if usable == {Origin.VIEWABLE} else Origin.DEFINITION


def _as_json(fields: object) -> str:
    if not fields:
        return ""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, default=str)


def _batch(console: str, reading: ListReading) -> pa.RecordBatch:
    """Column by column: a list can have a million parts."""
    parts = reading.parts
    members = [part.member for part in parts]
    columns = [
        pa.repeat(pa.scalar(console), len(parts)),
        pa.repeat(pa.scalar(reading.list_id, pa.int64()), len(parts)),
        [part.repository_id for part in parts],
        [part.origin.value for part in parts],
        [member.kind.value for member in members],
        [member.text for member in members],
        [_bound(member.first, member.value) for member in members],
        [_bound(member.last, member.value) for member in members],
    ]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, RANGES.schema, strict=True)
    ]
    return pa.record_batch(arrays, schema=RANGES.schema)


def _bound(number: int | None, value: str) -> str | None:
    return f"{number:032x}" if number is not None else value or None
