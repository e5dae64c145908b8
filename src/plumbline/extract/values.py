"""The console's loose scalars as typed columns.

Nearly every scalar comes as text; absent is null, never 0. What a value means is decided by
`domain.normalise`; here whole columns of plain values are read at once, and only the others one by
one. A value that cannot be read is odd: its cell is null and its place is given, so that the caller
can keep it as it came.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.domain.normalise import addresses, names, plugin_ids, ports, scores
from plumbline.domain.normalise import times as moments
from plumbline.domain.normalise.text import scalar_text
from plumbline.domain.normalise.whole import whole
from plumbline.tables import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from plumbline.domain.normalise import Normalised, Note

    Loose = Callable[[Any], Normalised[Any]]
    Reader = Callable[[Sequence[Any]], "Read"]

ABSENT = frozenset({"", "-1", None, -1})
_FLAGS: dict[Any, bool | None] = {
    **dict.fromkeys(("1", 1, "true", "True", "yes", "Yes", True), True),
    **dict.fromkeys(("0", 0, "false", "False", "no", "No", False), False),
    **dict.fromkeys(ABSENT),
}
_MICROSECONDS = 1_000_000
_ONE_EACH = frozenset({str, type(None)})
_NO_NOTES: Mapping[int, Note] = {}


class Read(NamedTuple):
    """A column, the places whose value did not fit it, and what is worth counting."""

    array: pa.Array
    odd: list[int]
    notes: Mapping[int, Note] = _NO_NOTES
    """By place: what was changed, or why a value is odd."""


def texts(values: Sequence[Any]) -> Read:
    """Text as it came; numbers are written out, empty text is null."""
    if _is_constant(values):
        return Read(pa.repeat(pa.scalar(_text(values[0]) or None, pa.string()), len(values)), [])
    try:
        array = pa.array(values, pa.string())
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        array = pa.array([_text(value) for value in values], pa.string())
    return Read(pc.if_else(pc.equal(array, ""), None, array), [])


def integers(values: Sequence[Any]) -> Read:
    """Whole numbers."""
    if _is_constant(values) and values[0] in ABSENT:
        return Read(pa.nulls(len(values), pa.int64()), [])
    array = _plain_integers(values)
    if array is not None:
        return Read(array, [])
    found = [None if value in ABSENT else whole(scalar_text(value)) for value in values]
    odd = [n for n, one in enumerate(found) if one is None and values[n] not in ABSENT]
    return Read(pa.array(found, pa.int64()), odd)


def times(
    values: Sequence[Any], earliest: int = moments.EARLIEST, latest: int = moments.LATEST
) -> Read:
    """Moments within bounds; at once where all of them are epoch seconds."""
    if _is_constant(values) and values[0] in ABSENT:
        return Read(pa.nulls(len(values), Kind.TIME.arrow), [])
    seconds = _plain_integers(values)
    if seconds is not None:
        seconds = pc.if_else(pc.less_equal(seconds, moments.DAY), None, seconds)
        span = pc.min_max(seconds).as_py()
        if span["min"] is None or earliest <= span["min"] <= span["max"] <= latest:
            return Read(_moments(seconds), [])
    read = normalised(values, partial(moments.moment, earliest=earliest, latest=latest), pa.int64())
    return read._replace(array=_moments(read.array))


def flags(values: Sequence[Any]) -> Read:
    """Yes and no in the console's several spellings."""
    odd_ones = set(values).difference(_FLAGS)
    odd = [n for n, value in enumerate(values) if value in odd_ones] if odd_ones else []
    return Read(pa.array(list(map(_FLAGS.get, values)), pa.bool_()), odd)


def normalised(values: Sequence[Any], loose: Loose, kind: pa.DataType) -> Read:
    """A column of numbers, each distinct value read once."""
    each = _each(values, loose)
    notes = _notes(each)
    odd = [place for place, note in notes.items() if note.unreadable]
    return Read(pa.array([one.value for one in each], kind), odd, notes)


def bounded_integers(values: Sequence[Any], loose: Loose, highest: int) -> Read:
    """The same for whole numbers; at once where all of them are plain and within bounds."""
    array = _plain_integers(values, absent=())
    if array is None or array.null_count or (values and pc.max(array).as_py() > highest):
        return normalised(values, loose, pa.int64())
    return Read(array, [])


def normalised_texts(values: Sequence[Any], loose: Loose) -> Read:
    """A column of texts; what cannot be read stays as it came."""
    distinct = _distinct(values)
    if distinct is not None and all(not one or loose(one) == (one, None) for one in distinct):
        return texts(values)
    each = _each(values, loose)
    kept = [values[place] if one.odd else one.value for place, one in enumerate(each)]
    return Read(texts(kept).array, [], _notes(each))


def key_texts(values: Sequence[Any], loose: Loose) -> Sequence[str]:
    """Values as parts of a key: alike where they mean the same, as they came where unreadable."""
    distinct = _distinct(values)
    if distinct is None:
        return [_key_text(value, loose) for value in values]
    known = {value: _key_text(value, loose) for value in distinct}
    if all(value == text for value, text in known.items()):
        return values
    return list(map(known.__getitem__, values))


def _plain_integers(values: Sequence[Any], absent: Sequence[str] = ("", "-1")) -> pa.Array | None:
    """Numbers of digits alone, with nulls for absent ones; nothing where any is written otherwise.

    A cast by itself would take `0x1F` for a number, too.
    """
    try:
        texts = pa.array(values, pa.string())
        if absent and not _are_digits(texts):
            texts = pc.if_else(pc.is_in(texts, pa.array(absent)), None, texts)
        return pc.cast(texts, pa.int64()) if _are_digits(texts) else None
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
        return None


def _are_digits(texts: pa.Array) -> bool:
    return pc.all(pc.ascii_is_decimal(texts), min_count=0).as_py() is True


def _moments(seconds: pa.Array) -> pa.Array:
    return pc.multiply(seconds, _MICROSECONDS).cast(Kind.TIME.arrow)


def _key_text(value: Any, loose: Loose) -> str:
    read = loose(value).value
    if read is not None:
        return str(read)
    return "" if value is None else str(value)


def _each(values: Sequence[Any], loose: Loose) -> list[Normalised[Any]]:
    distinct = _distinct(values)
    if distinct is None:
        return list(map(loose, values))
    known = {value: loose(value) for value in distinct}
    return list(map(known.__getitem__, values))


def _distinct(values: Sequence[Any]) -> set[Any] | None:
    """The distinct values; nothing where equal ones may differ, as 1 and True do."""
    distinct = set(values)
    return distinct if _ONE_EACH.issuperset(map(type, distinct)) else None


def _notes(each: Sequence[Normalised[Any]]) -> Mapping[int, Note]:
    return {place: one.note for place, one in enumerate(each) if one.note is not None}


def _is_constant(values: Sequence[Any]) -> bool:
    """Whether all rows say the same: common, and much cheaper to store."""
    return len(values) > 1 and values[0] == values[-1] and values.count(values[0]) == len(values)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).encode("utf-8", "replace").decode()


_BY_KIND: dict[Kind, Reader] = {Kind.TEXT: texts, Kind.INTEGER: integers, Kind.FLAG: flags}
_BY_NAME: dict[str, Reader] = {
    "ip": partial(normalised_texts, loose=addresses.address),
    "dns_name": partial(normalised_texts, loose=names.dns_name),
    "netbios_name": partial(normalised_texts, loose=names.netbios_name),
    "protocol": partial(normalised_texts, loose=ports.protocol),
    "plugin_id": partial(bounded_integers, loose=plugin_ids.plugin_id, highest=2**63),
    "port": partial(bounded_integers, loose=ports.port, highest=ports.LAST_PORT),
}
_SCORES: dict[str, Loose] = {
    "vpr": scores.vpr,
    "epss": scores.epss,
    "acr": scores.acr,
    "aes": scores.aes,
}
"""The others are CVSS scores."""
_PUBLISHED = frozenset({"vuln_published", "patch_published", "plugin_published", "plugin_modified"})


def reader_of(name: str, kind: Kind, latest: int) -> Reader:
    """How a column is read; `latest` is the last second in which anything can have been seen."""
    if kind is Kind.TIME:
        if name == "seol":
            return times
        earliest = moments.EARLIEST_PUBLISHED if name in _PUBLISHED else moments.EARLIEST
        return partial(times, earliest=earliest, latest=latest)
    if kind is Kind.NUMBER:
        return partial(normalised, loose=_SCORES.get(name, scores.cvss), kind=kind.arrow)
    return _BY_NAME.get(name, _BY_KIND.get(kind, texts))
