"""What names each alias, and what each range covers, as numbers of one line (`places`).

A line `address|name|` of the viewable addresses means one host, even where several are behind the
address: if an alias of that repository has both the address and the name, the line is that pair;
otherwise it is the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align import places
from plumbline.align.groups import filled
from plumbline.align.joins import every_address
from plumbline.domain.address import MemberKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.align.groups import Marks, Numbers

_SHIFT = 36
"""Places lie below 2^36; above them stands the number of the repository, 0 for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Names of aliases: which alias, where on the line, and whether it is its best evidence."""

    alias: Numbers
    place: Numbers
    telling: Marks


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All names of all aliases in order, and where the ranges begin and end among them."""

    order: Numbers
    """Repository and place of each name, ascending."""
    entry: Numbers
    """The entry that stands at each position of `order`."""
    alias: Numbers
    """Row of the alias of each entry."""
    telling: Marks
    first: Numbers
    last: Numbers
    """First and last key of each range, itself included."""

    @classmethod
    def of(cls, aliases: pa.Table, ranges: pa.Table) -> Named:
        """Put the aliases' names in order, as far as the ranges can find them."""
        first, last = np.full((2, ranges.num_rows), -1)
        addresses = _addresses(aliases, ranges, first, last)
        found = [
            _texts([aliases["dns_name"]], ranges, MemberKind.DNS, first, last),
            _pairs(aliases, ranges, addresses, first, last),
            addresses,
            _texts([aliases["uuid"], aliases["host_uuid"]], ranges, MemberKind.UUID, first, last),
        ]
        alias = np.concatenate([entries.alias for entries in found])
        place = np.concatenate([entries.place for entries in found])
        homes = ranges["repository_id"].combine_chunks()
        keys, entry = _keyed(alias, place, aliases["repository_id"], homes)
        order = np.argsort(keys, kind="stable")
        shelf = _numbers(pc.index_in(homes, value_set=_shelves(homes)), -1) + 1 << _SHIFT
        return cls(
            order=keys[order],
            entry=entry[order],
            alias=alias,
            telling=np.concatenate([entries.telling for entries in found]),
            first=np.where(first < 0, first, shelf + first),
            last=np.where(last < 0, last, shelf + last),
        )


def _keyed(
    alias: Numbers, place: Numbers, repository: pa.ChunkedArray, homes: pa.Array
) -> tuple[Numbers, Numbers]:
    """Keys of the entries: once for ranges of all repositories, once for those of their own."""
    keys, entries = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    if homes.null_count:
        keys.append(place)
        entries.append(np.arange(len(place)))
    shelf = _numbers(pc.index_in(repository.combine_chunks(), value_set=_shelves(homes)), -1)
    own = np.flatnonzero(shelf[alias] >= 0)
    keys.append((shelf[alias[own]] + 1 << _SHIFT) + place[own])
    entries.append(own)
    return np.concatenate(keys), np.concatenate(entries)


def _shelves(homes: pa.Array) -> pa.Array:
    return pc.unique(homes.drop_null())


def _addresses(aliases: pa.Table, ranges: pa.Table, first: Numbers, last: Numbers) -> Entries:
    rows, texts = every_address(aliases)
    found = places.Addresses(texts)
    four, six = (_rows(ranges, kind) for kind in (MemberKind.IPV4, MemberKind.IPV6))
    low, high = (places.hex_halves(ranges[name].take(six)) for name in ("first", "last"))
    ranks = places.ranks(np.concatenate((found.ipv6_halves, low, high)))
    count = len(found.ipv6)
    first[six], last[six] = (places.IPV6 + part for part in np.split(ranks[count:], 2))
    for name, bounds in (("first", first), ("last", last)):
        numbers = places.hex_halves(ranges[name].take(four))[:, 1]
        bounds[four] = places.IPV4 + numbers.astype(np.int64)
    index = np.concatenate((found.ipv4, found.ipv6))
    place = (places.IPV4 + found.ipv4_numbers, places.IPV6 + ranks[:count])
    latest = index < np.count_nonzero(filled(aliases["ip"]))
    return Entries(alias=rows[index], place=np.concatenate(place), telling=latest)


def _texts(
    columns: Iterable[pa.ChunkedArray],
    ranges: pa.Table,
    kind: MemberKind,
    first: Numbers,
    last: Numbers,
) -> Entries:
    """Entries of names or ids that some range is."""
    rows = _rows(ranges, kind)
    wanted = _plain(ranges["first"].take(rows), kind)
    distinct = pc.unique(wanted)
    base = places.UUID if kind is MemberKind.UUID else places.DNS
    first[rows] = last[rows] = base + _numbers(pc.index_in(wanted, value_set=distinct), -1)
    alias, place = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for column in columns if len(rows) else ():
        code = _numbers(pc.index_in(_plain(column, kind), value_set=distinct), -1)
        alias.append(np.flatnonzero(code >= 0))
        place.append(base + code[code >= 0])
    telling = np.full(sum(map(len, alias)), kind is MemberKind.UUID)
    return Entries(alias=np.concatenate(alias), place=np.concatenate(place), telling=telling)


def _pairs(
    aliases: pa.Table, ranges: pa.Table, addresses: Entries, first: Numbers, last: Numbers
) -> Entries:
    """Entries of address and name that some range is; such ranges are moved to them."""
    home = ranges["repository_id"].combine_chunks()
    single = (first == last) & (first >= places.IPV4) & filled(home)
    name = _line_names(ranges["text"], single)
    lines = np.flatnonzero(single & filled(name))
    if not len(lines):
        return Entries(alias=lines, place=lines, telling=lines > 0)
    tokens = _token(home, first[lines], name, lines)
    distinct = pc.unique(tokens)
    near = np.flatnonzero(np.isin(addresses.place, first[lines]))
    alias = addresses.alias[near]
    names = _plain(aliases["dns_name"])
    homes = aliases["repository_id"].combine_chunks()
    found = pc.index_in(_token(homes, addresses.place[near], names, alias), value_set=distinct)
    code = _numbers(found, -1)
    known = code >= 0
    wanted = _numbers(pc.index_in(tokens, value_set=distinct), -1)
    moved = np.isin(wanted, code)
    first[lines[moved]] = last[lines[moved]] = places.PAIR + wanted[moved]
    return Entries(
        alias=alias[known],
        place=places.PAIR + code[known],
        telling=addresses.telling[near][known],
    )


def _line_names(texts: pa.ChunkedArray, wanted: Marks) -> pa.Array:
    """What `address|name|` lines call their hosts; empty elsewhere."""
    barred = pc.if_else(pa.array(wanted), pc.match_substring(texts, "|"), False)  # noqa: FBT003
    named = pc.if_else(barred, texts, "")
    return _plain(pc.replace_substring_regex(named, r"^[^|]*\|?([^|]*).*$", r"\1"))


def _token(home: pa.Array, place: Numbers, name: pa.Array, rows: Numbers) -> pa.Array:
    homes = home.take(pa.array(rows)).cast(pa.string())
    texts = pa.array(place, pa.int64()).cast(pa.string())
    return pc.binary_join_element_wise(homes, texts, name.take(pa.array(rows)), " ")


def _rows(ranges: pa.Table, kind: MemberKind) -> Numbers:
    marks: Marks = pc.equal(ranges["kind"], kind.value).to_numpy()
    return np.flatnonzero(marks)


def _plain(column: pa.Array | pa.ChunkedArray, kind: MemberKind = MemberKind.DNS) -> pa.Array:
    """Names and ids as they are compared: lower case, no last dot, no dashes in ids."""
    text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(column, "")))
    text = pc.ascii_rtrim(text, ".")
    if kind is MemberKind.UUID:
        text = pc.replace_substring(text, "-", "")
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _numbers(codes: pa.Array, absent: int) -> Numbers:
    numbers: Numbers = pc.fill_null(codes, absent).to_numpy(zero_copy_only=False)
    return numbers.astype(np.int64)
