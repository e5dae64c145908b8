"""Rows of the tool ``vulndetails``: decoded fast when plain, and kept whole when strange.

A page is first decoded into structs that know every documented field. A field the console added,
or a value of an unexpected form, makes that one page be decoded row by row; the field is then
learned, so that later pages are fast again. No row is ever refused.

Source of the fields: section "vulndetails" of Tenable's /analysis documentation and recordings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from plumbline.console.scalar import Scalar, integer
from plumbline.console.wire import mend
from plumbline.errors import RetriableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_TOTAL = re.compile(rb'"totalRecords"\s*:\s*"?(-?\d+)')


class Named(msgspec.Struct, gc=False):
    """An object the console gives with its id: severity, family, repository."""

    id: Scalar = None
    name: Scalar = None
    description: Scalar = None
    type: Scalar = None
    dataFormat: Scalar = None  # noqa: N815 - the console's own spelling
    uuid: Scalar = None
    sciID: Scalar = None  # noqa: N815 - the console's own spelling


FINDING_FIELDS = (
    "pluginID",
    "hasBeenMitigated",
    "acceptRisk",
    "recastRisk",
    "port",
    "protocol",
    "firstSeen",
    "lastSeen",
    "lastMitigated",
    "pluginText",
    "vulnUUID",
    "vulnUniqueness",
    "acceptRiskRuleComment",
    "recastRiskRuleComment",
)
HOST_FIELDS = (
    "ip",
    "uuid",
    "dnsName",
    "macAddress",
    "netbiosName",
    "operatingSystem",
    "ips",
    "hostUniqueness",
    "uniqueness",
    "hostUUID",
    "acrScore",
    "acrLastEvaluatedTime",
    "keyDrivers",
    "assetExposureScore",
    "credentialed",
)
PLUGIN_FIELDS = (
    "pluginName",
    "synopsis",
    "description",
    "solution",
    "seeAlso",
    "riskFactor",
    "stigSeverity",
    "baseScore",
    "temporalScore",
    "cvssVector",
    "cvssV3BaseScore",
    "cvssV3TemporalScore",
    "cvssV3Vector",
    "cvssV4BaseScore",
    "cvssV4Vector",
    "cvssV4ThreatScore",
    "cvssV4ThreatVector",
    "cvssV4Supplemental",
    "vprScore",
    "epssScore",
    "exploitAvailable",
    "exploitEase",
    "exploitFrameworks",
    "cve",
    "bid",
    "xref",
    "cpe",
    "vulnPubDate",
    "patchPubDate",
    "pluginPubDate",
    "pluginModDate",
    "seolDate",
    "checkType",
    "version",
)
PLUGIN_MARKS = (
    "pluginID",
    "version",
    "pluginModDate",
    "pluginName",
    "vprScore",
    "epssScore",
    "cvssV3BaseScore",
    "cve",
    "xref",
    "description",
)
"""What tells one revision of a plugin from another."""
OBJECT_FIELDS = ("severity", "family", "repository")
DERIVED_FIELDS = ("pluginInfo",)
"""Repeats plugin, port and name; not stored."""

_SCALARS = (*FINDING_FIELDS, *HOST_FIELDS, *PLUGIN_FIELDS, *DERIVED_FIELDS)
KNOWN_FIELDS = frozenset((*_SCALARS, *OBJECT_FIELDS, "vprContext"))
_PARTS = frozenset(Named.__struct_fields__)
_LEARNED = "learned_"
_ODD = "odd_"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,200}")
"""Names that are learned; rows with other ones are kept as strange rows."""


def _named_type(learned: Sequence[str]) -> type[msgspec.Struct]:
    return msgspec.defstruct(
        "NamedObject",
        [(f"{_LEARNED}{n}", Any, msgspec.UNSET) for n in range(len(learned))],
        bases=(Named,),
        forbid_unknown_fields=True,
        gc=False,
        rename={f"{_LEARNED}{n}": name for n, name in enumerate(learned)},
    )


def _row_type(learned: Sequence[str], named: type[msgspec.Struct]) -> type[msgspec.Struct]:
    fields: list[tuple[str, Any, Any]] = [(name, Scalar, None) for name in _SCALARS]
    fields += [(name, named | Scalar, None) for name in OBJECT_FIELDS]
    fields.append(("vprContext", Any, None))
    fields += [(f"{_LEARNED}{n}", Any, msgspec.UNSET) for n in range(len(learned))]
    fields.append((_ODD, dict[str, Any] | None, None))
    # A wire field can never be called like our own: names that are learned hold no blank.
    names = {f"{_LEARNED}{n}": name for n, name in enumerate(learned)} | {_ODD: " odd"}
    return msgspec.defstruct(
        "FindingRow", fields, forbid_unknown_fields=True, gc=False, rename=names
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingPage:
    """One page of findings; ``rows`` are structs with the console's field names."""

    total: int | None
    """totalRecords, or nothing when the console left it out."""
    rows: list[Any]
    strange: int
    """Rows that did not have the documented form; they are among ``rows``."""


def peek_total(body: bytes) -> int | None:
    """Read totalRecords from the head of an answer without decoding it."""
    found = _TOTAL.search(body, 0, 512)
    return int(found[1]) if found else None


class RowDecoder:
    """Decodes pages and learns the fields a console has beyond the documented ones.

    Not thread-safe: one decoder a run.
    """

    def __init__(self) -> None:
        self.learned: list[str] = []
        self.learned_parts: list[str] = []
        """Fields of severity, family and repository beyond the documented ones."""
        self._met_strange = False
        self._rebuild()

    def _rebuild(self) -> None:
        self._named = _named_type(self.learned_parts)
        self._row = _row_type(self.learned, self._named)
        results = msgspec.defstruct(
            "Results",
            [("totalRecords", Any, None), ("results", list[self._row] | None, None)],  # type: ignore[name-defined]
        )
        envelope = msgspec.defstruct("Envelope", [("response", results)])
        self._page = msgspec.json.Decoder(envelope)
        self._one = msgspec.json.Decoder(self._row)

    def page(self, body: bytes) -> FindingPage:
        """Decode one answer.

        Raises:
            RetriableError: the answer is no whole JSON, or holds no list of results.
        """
        try:
            response: Any = self._page.decode(body).response  # type: ignore[attr-defined]
        except msgspec.ValidationError:
            return self._page_by_row(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            return self._by_row(_mended(body, fault))
        if response.results is None:
            raise RetriableError("The console answered without a list of results.")
        return FindingPage(total=integer(response.totalRecords), rows=response.results, strange=0)

    def row(self, fields: Mapping[str, Any], beyond: Mapping[str, Any] | None = None) -> Any:
        """A row made of documented fields, with what is beyond them."""
        self._met_strange = self._met_strange or bool(beyond)
        return self._row(**fields, **{_ODD: dict(beyond) if beyond else None})

    def extras(self, row: Any) -> dict[str, Any]:
        """What the row holds beyond the documented fields, in the console's names."""
        found = dict(getattr(row, _ODD) or {})
        found.update(_beyond(row, self.learned, ""))
        if self.learned_parts:
            for name in OBJECT_FIELDS:
                found.update(_beyond(getattr(row, name), self.learned_parts, f"{name}."))
        return found

    def may_have_extras(self) -> bool:
        """Whether any row seen so far had more than the documented fields."""
        return bool(self.learned or self.learned_parts) or self._met_strange

    def _page_by_row(self, body: bytes) -> FindingPage:
        try:
            return self._by_row(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as fault:
            return self._by_row(_mended(body, fault))

    def _by_row(self, body: bytes) -> FindingPage:
        try:
            response = _RAW_PAGE.decode(body).response
        except msgspec.ValidationError as fault:
            raise RetriableError(f"The console's answer is no page of rows ({fault}).") from fault
        if response.results is None:
            raise RetriableError("The console answered without a list of results.")
        self._learn(response.results)
        rows, strange = [], 0
        for raw in response.results:
            try:
                rows.append(self._one.decode(raw))
            except msgspec.ValidationError:
                rows.append(self._strange(msgspec.json.decode(raw)))
                strange += 1
        return FindingPage(total=integer(response.totalRecords), rows=rows, strange=strange)

    def _learn(self, raws: Sequence[msgspec.Raw]) -> None:
        rows = [row for row in map(msgspec.json.decode, raws) if isinstance(row, dict)]
        objects = (row.get(name) for row in rows for name in OBJECT_FIELDS)
        new = _new(rows, KNOWN_FIELDS.union(self.learned))
        parts = _new(objects, _PARTS.union(self.learned_parts))
        if len(self.learned) + len(self.learned_parts) + len(new) + len(parts) <= _MOST_LEARNED:
            self.learned += new
            self.learned_parts += parts
            self._rebuild()

    def _strange(self, value: object) -> Any:
        self._met_strange = True
        if not isinstance(value, dict):
            return self._row(**{_ODD: {"row": value}})
        plain: dict[str, Any] = {}
        odd: dict[str, Any] = {}
        for name, part in value.items():
            home = plain if self._fits(name, part) else odd
            home[name] = part
        for name in OBJECT_FIELDS:
            if isinstance(plain.get(name), dict):
                plain[name] = msgspec.convert(plain[name], self._named)
        return self._row(**plain, **{_ODD: odd})

    def _fits(self, name: str, part: object) -> bool:
        if name == "vprContext":
            return True
        if isinstance(part, dict):
            known = _PARTS.union(self.learned_parts)
            return name in OBJECT_FIELDS and part.keys() <= known and _is_flat(part)
        return name in KNOWN_FIELDS and not isinstance(part, list)


_MOST_LEARNED = 64
"""A console that sends ever new field names gets them kept row by row instead."""


class _RawResults(msgspec.Struct):
    totalRecords: Any = None  # noqa: N815 - the console's own spelling
    results: list[msgspec.Raw] | None = None


class _RawEnvelope(msgspec.Struct):
    response: _RawResults


_RAW_PAGE = msgspec.json.Decoder(_RawEnvelope)


def _new(objects: Iterable[Any], known: frozenset[str]) -> list[str]:
    """Names that are not known yet, each once, of those that can be learned."""
    names = dict.fromkeys(name for one in objects if isinstance(one, dict) for name in one)
    return [name for name in names if name not in known and _PLAIN_NAME.fullmatch(name)]


def _beyond(thing: object, learned: Sequence[str], prefix: str) -> Iterator[tuple[str, Any]]:
    for n, name in enumerate(learned):
        value = getattr(thing, f"{_LEARNED}{n}", msgspec.UNSET)
        if value is not msgspec.UNSET:
            yield prefix + name, value


def _is_flat(part: dict[str, Any]) -> bool:
    return not any(isinstance(value, list | dict) for value in part.values())


def _mended(body: bytes, fault: Exception) -> bytes:
    """The same page without bytes that strict readers refuse; a page cut off stays refused."""
    try:
        return mend(body)
    except ValueError:
        raise RetriableError(f"The console's answer is not whole JSON ({fault}).") from fault
