"""The shapes in which answers arrive: the page of an analysis, its small rows, and broken JSON.

The big rows (`vulndetails`) are described elsewhere; a page is read by `decode_page` whatever
its rows are. Field names are the console's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from plumbline.console.fault import BrokenError
from plumbline.console.scalar import Scalar, identity, integer, number
from plumbline.domain.severity import Severity
from plumbline.errors import QueryRefusedError

T = TypeVar("T")


class SeverityObject(msgspec.Struct, frozen=True):
    """A severity as rows carry it."""

    id: Scalar = None
    name: Scalar = None


class RepositoryObject(msgspec.Struct, frozen=True, rename="camel"):
    """A repository as rows carry it."""

    id: Scalar = None
    name: Scalar = None
    data_format: Scalar = None


class SeverityRow(msgspec.Struct, frozen=True):
    """A row of `sumseverity`."""

    severity: SeverityObject
    count: Scalar


class HostRow(msgspec.Struct, frozen=True, rename="camel"):
    """A row of `sumip`: one host of one repository with its counts."""

    ip: Scalar = None
    uuid: Scalar = None
    host_uuid: Scalar = msgspec.field(default=None, name="hostUUID")
    dns_name: Scalar = None
    netbios_name: Scalar = None
    mac_address: Scalar = None
    os_cpe: Scalar = msgspec.field(default=None, name="osCPE")
    score: Scalar = None
    total: Scalar = None
    severity_info: Scalar = None
    severity_low: Scalar = None
    severity_medium: Scalar = None
    severity_high: Scalar = None
    severity_critical: Scalar = None
    policy_name: Scalar = None
    plugin_set: Scalar = None
    last_auth_run: Scalar = None
    """Epoch of the last scan with credentials."""
    last_unauth_run: Scalar = None
    uniqueness: Scalar = None
    host_uniqueness: Scalar = None
    acr_score: Scalar = None
    asset_exposure_score: Scalar = None
    key_drivers: Scalar = None
    bios_guid: Scalar = msgspec.field(default=None, name="biosGUID")
    tpm_id: Scalar = msgspec.field(default=None, name="tpmID")
    mcafee_guid: Scalar = msgspec.field(default=None, name="mcafeeGUID")
    repository: RepositoryObject = RepositoryObject()


class PluginRow(msgspec.Struct, frozen=True):
    """A row of `sumid`: one plugin with how often it is found."""

    plugin_id: Scalar = msgspec.field(default=None, name="pluginID")
    total: Scalar = None


class FamilyObject(msgspec.Struct, frozen=True):
    """The family of a row of `sumfamily`."""

    id: Scalar = None


class FamilyRow(msgspec.Struct, frozen=True):
    """A row of `sumfamily`: one family of plugins with how often they are found."""

    family: FamilyObject | Scalar = None
    total: Scalar = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """One window of an analysis."""

    total: int | None
    """Rows that match; None when the console did not say, which is never "none"."""
    returned: float | None
    """What the console says it returned; known to be wrong, so trust `rows`."""
    rows: list[T]
    start: int = 0
    end: int = 0


class _Window(msgspec.Struct, Generic[T], rename="camel"):
    total_records: Scalar = None
    returned_records: Scalar = None
    results: list[T] | None = None


class _Answer(msgspec.Struct, Generic[T]):
    response: _Window[T] | list[Any] | str | None = None


def decode_page(body: bytes, row_type: type[T], *, start: int = 0, end: int = 0) -> Page[T]:
    """Read a page in one pass.

    Raises:
        BrokenError: (retriable) not whole JSON, or no page in it.
        QueryRefusedError: whole JSON of another shape; asking again would not help.
    """
    kind: Any = row_type
    answer: _Answer[T] = _decode(body, _decoder(kind))
    window = answer.response
    if not isinstance(window, _Window) or window.results is None:
        raise BrokenError("The answer holds no page of rows.")
    return Page(
        total=integer(window.total_records),
        returned=number(window.returned_records),
        rows=window.results,
        start=start,
        end=end,
    )


def decode_response(body: bytes) -> Any:
    """The `response` of any answer, untyped.

    Raises:
        BrokenError: (retriable) not whole JSON.
    """
    return _decode(body, _ANYTHING).get("response")


_ANYTHING = msgspec.json.Decoder(dict[str, Any])


@cache
def _decoder(row_type: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(_Answer[row_type])


def _decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return _decode_or_mend(body, decoder)
    except msgspec.ValidationError as error:
        raise QueryRefusedError(
            f"The console's answer has an unknown shape: {error}",
            advice="Report this with the console's version; asking again will not help.",
        ) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BrokenError(f"The answer is not whole JSON: {error}") from error


def _decode_or_mend(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        if not body[-64:].rstrip().endswith(b"}"):
            raise
    return decoder.decode(mend(body))


def mend(body: bytes) -> bytes:
    """The same JSON without what strict readers refuse in texts.

    Plugin outputs can carry bytes that are no UTF-8, raw control characters and halves of
    surrogate pairs; each becomes a replacement sign or an escape. Slow: only for bodies that
    failed once.

    Raises:
        ValueError: no whole JSON even so.
    """
    loose = json.loads(body.decode("utf-8", "replace"), strict=False)
    return json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace")


def read_severity_counts(page: Page[SeverityRow]) -> dict[Severity, int]:
    """Counts by severity; a severity without a row has none.

    Raises:
        BrokenError: an empty page without a total, or a row that cannot be read: an answer that
            is no proof of "none".
    """
    if page.total is None and not page.rows:
        raise BrokenError("The console counted no severities and gave no total.")
    counts = dict.fromkeys(Severity, 0)
    for row in page.rows:
        severity, count = identity(row.severity.id), integer(row.count)
        if count is None or severity not in counts:
            raise BrokenError(f"The console gave an odd severity count: {row.severity}, {count}.")
        counts[Severity(severity)] = count
    return counts
