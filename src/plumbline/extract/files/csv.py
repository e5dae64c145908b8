"""CSV exports of the console's lists of vulnerabilities; see docs/import.md."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Source
from plumbline.domain.normalise import Note, times
from plumbline.domain.normalise.addresses import address
from plumbline.domain.normalise.names import dns_name, netbios_name
from plumbline.domain.normalise.plugin_ids import plugin_id
from plumbline.domain.normalise.ports import port, protocol
from plumbline.domain.normalise.scores import acr, aes, cvss, epss, vpr
from plumbline.domain.normalise.severities import severity
from plumbline.domain.severity import Severity
from plumbline.extract.files import headings
from plumbline.extract.files.interface import Row, Values
from plumbline.extract.files.lines import MOST_CELL, Lines, Record, Records
from plumbline.extract.files.opening import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import BufferedReader

    from plumbline.domain.normalise import Normalised
    from plumbline.extract.files.interface import Tally

PLUGIN, SEVERITY, ADDRESS = "Plugin", "Severity", "IP Address"
PORT, PROTOCOL, REPOSITORY, FAMILY = "Port", "Protocol", "Repository", "Family"
MITIGATED = "Mitigated On"
NOT_A_REPOSITORY = frozenset({"", "individual scan"})
"""What the console writes as repository of the results of a single scan."""
TEXTS = {
    "Plugin Name": "pluginName",
    "MAC Address": "macAddress",
    "Agent ID": "uuid",
    "Host ID": "hostUUID",
    "Operating System": "operatingSystem",
    "Plugin Text": "pluginText",
    "Plugin Output": "pluginText",
    "Synopsis": "synopsis",
    "Description": "description",
    "Solution": "solution",
    "Steps to Remediate": "solution",
    "See Also": "seeAlso",
    "Risk Factor": "riskFactor",
    "STIG Severity": "stigSeverity",
    "CVSS V2 Vector": "cvssVector",
    "CVSS V3 Vector": "cvssV3Vector",
    "CVSS V4 Vector": "cvssV4Vector",
    "CVSS V4 Threat Vector": "cvssV4ThreatVector",
    "CPE": "cpe",
    "CVE": "cve",
    "BID": "bid",
    "Cross References": "xref",
    "Exploit?": "exploitAvailable",
    "Exploit Ease": "exploitEase",
    "Exploit Frameworks": "exploitFrameworks",
    "Check Type": "checkType",
    "Version": "version",
    "Recast Risk Comment": "recastRiskRuleComment",
    "Accept Risk Comment": "acceptRiskRuleComment",
}
"""Column to the console's field."""
NORMALISED: dict[str, tuple[str, Callable[[Any], Normalised[Any]]]] = {
    "DNS Name": ("dnsName", dns_name),
    "NetBIOS Name": ("netbiosName", netbios_name),
    "VPR": ("vprScore", vpr),
    "Vulnerability Priority Rating": ("vprScore", vpr),
    "EPSS Score": ("epssScore", epss),
    "CVSS V2 Base Score": ("baseScore", cvss),
    "CVSS V2 Temporal Score": ("temporalScore", cvss),
    "CVSS V3 Base Score": ("cvssV3BaseScore", cvss),
    "CVSS V3 Temporal Score": ("cvssV3TemporalScore", cvss),
    "CVSS V4 Base Score": ("cvssV4BaseScore", cvss),
    "CVSS V4 Threat Score": ("cvssV4ThreatScore", cvss),
    "Asset Criticality Rating": ("acrScore", acr),
    "Asset Exposure Score": ("assetExposureScore", aes),
}
"""Column to the console's field, and how its cells are read."""
SEEN = {"First Discovered": "firstSeen", "Last Observed": "lastSeen", MITIGATED: "lastMitigated"}
PUBLISHED = {
    "Vuln Publication Date": "vulnPubDate",
    "Patch Publication Date": "patchPubDate",
    "Plugin Publication Date": "pluginPubDate",
    "Plugin Modification Date": "pluginModDate",
}
END_OF_LIFE = {"Security End of Life Date": "seolDate"}
DATES = SEEN | PUBLISHED | END_OF_LIFE
_PLACES = (PLUGIN, SEVERITY, ADDRESS, PORT, PROTOCOL, REPOSITORY, FAMILY)
_NAMES = {name.casefold(): name for name in (*TEXTS, *NORMALISED, *DATES, *_PLACES)}
_NEEDED = frozenset({PLUGIN.casefold(), SEVERITY.casefold()})
_HOSTS: dict[str, Callable[[Any], Normalised[str]]] = {
    ADDRESS: address,
    "DNS Name": dns_name,
    "NetBIOS Name": netbios_name,
    "Agent ID": dns_name,
    "Host ID": dns_name,
}
"""What can name a host, and how it is told whether it does."""
_LISTS = ("cpe", "cve", "bid", "xref")
_AHEAD_ROWS, _AHEAD_CHARACTERS = 5_000, 8 << 20
"""Rows that are held back until the order of their dates is known."""
_FEWEST_TORN = 20
# `="19506"` and `'19506`: what keeps a spreadsheet from counting with a text.
_GUARDED = re.compile(r'="([^"]*)"|\'(.*)')
_EXPONENT = re.compile(r"[+-]?[\d.,]+[eE][+-]?\d+")


def read(stream: BufferedReader, tally: Tally) -> Iterator[Row]:
    """The rows of an export, as it is read; the account of it is in `tally`.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    csv.field_size_limit(MOST_CELL)
    lines = Lines(stream, tally)
    head = headings.find(lines, _NEEDED)
    sheet = _Sheet.of(head.cells if head else [], tally)
    blank = 0
    records = Records(lines, head.delimiter if head else ",", tally)
    for record, day_first in _dated(records, sheet):
        tally.met += 1
        if not any(map(str.strip, record.cells)):
            blank += 1
            tally.left_out["rows without any content"] += 1
            continue
        row = sheet.row(record, tally, day_first=day_first)
        if row is not None:
            yield row
    _judge(tally, blank)


def _judge(tally: Tally, blank: int) -> None:
    """Call a file damaged where more of it is rubble than an export ever holds."""
    if tally.broken:
        return
    first = f" (the first: {tally.listed[0].place})" if tally.listed else ""
    if tally.torn > max(_FEWEST_TORN, tally.given // 10):
        tally.broken = (
            f"{tally.torn:,} of its lines are no whole result{first}: its quotes or its lines are "
            "damaged"
        )
    elif blank > max(_FEWEST_TORN, tally.given):
        tally.broken = (
            f"{blank:,} of its rows have no content, not even a plugin, and {tally.given:,} are "
            "results: its quotes or its lines are damaged"
        )


def check(stream: BufferedReader, tally: Tally) -> None:
    """Look at the headings of an export, which are not taken from the stream.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    csv.field_size_limit(MOST_CELL)
    begin = io.BytesIO(stream.peek(HEAD)[:HEAD])
    head = headings.find(Lines(io.BufferedReader(begin), tally), _NEEDED)
    _Sheet.of(head.cells if head else [], tally)


def _dated(records: Iterable[Record], sheet: _Sheet) -> Iterator[tuple[Record, bool | None]]:
    """Each record, and whether the day comes first in its file's dates like 9/1/2026.

    Where a date leaves that open, the rows behind it are looked at before it is read: one
    spreadsheet wrote them all.
    """
    order: bool | None = None
    orders: set[bool | None] = set()
    held: list[Record] = []
    size = 0
    for record in records:
        slashed = () if order is not None else sheet.slashed(record.cells)
        if not slashed and not held:
            yield record, order
            continue
        orders.update(times.day_order([text]) for text in slashed)
        held.append(record)
        size += sum(map(len, record.cells))
        if len(held) >= _AHEAD_ROWS or size >= _AHEAD_CHARACTERS:
            order = _only(orders)
            yield from ((one, order) for one in held)
            held, size = [], 0
    order = order if order is not None else _only(orders)
    yield from ((one, order) for one in held)


def _only(orders: set[bool | None]) -> bool | None:
    told = orders - {None}
    return told.pop() if len(told) == 1 else None


@dataclass(slots=True, kw_only=True)
class _Sheet:
    """Where each column of a file is."""

    width: int
    at: dict[str, int]
    others: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, head: Sequence[str], tally: Tally) -> _Sheet:
        """Read the headings."""
        at: dict[str, int] = {}
        others: dict[str, int] = {}
        for place, told in enumerate(head):
            name = _NAMES.get(told.strip().casefold())
            home, key = (at, name) if name else (others, told.strip())
            if key in home:
                tally.odd.add("column that comes twice, the first was read", key, tally.name)
            elif key:
                home[key] = place
        _refuse_foreign(at, head, tally)
        return cls(width=len(head), at=at, others=others)

    def cell(self, cells: Sequence[str], name: str) -> str:
        """The cell of a column, without what guards it from a spreadsheet; empty without."""
        place = self.at.get(name)
        if place is None:
            return ""
        text = cells[place].strip()
        guarded = _GUARDED.fullmatch(text) if text[:1] in {"=", "'"} else None
        return (guarded[1] or guarded[2] or "").strip() if guarded else text

    def slashed(self, cells: Sequence[str]) -> list[str]:
        """The dates of a record that are written like 9/1/2026."""
        places = (place for name, place in self.at.items() if name in DATES)
        return [
            cells[place]
            for place in places
            if place < len(cells) and "/" in cells[place] and cells[place].strip()[:1].isdigit()
        ]

    def row(self, record: Record, tally: Tally, *, day_first: bool | None) -> Row | None:
        """The row of a record; nothing where it cannot be used, which is counted."""
        cells = record.cells
        reason = self._refused(cells, record, tally)
        if reason:
            tally.reject(record.place, reason)
            return None
        tally.given += 1
        values = Values(tally, record.place)
        fields = self._fields(cells, values) | self._dates(cells, values, day_first=day_first)
        fields |= self._identity(cells, values)
        fields["acceptRisk"] = "1" if fields.get("acceptRiskRuleComment") else "0"
        fields["recastRisk"] = "1" if fields.get("recastRiskRuleComment") else "0"
        if seen := fields.get("lastSeen"):
            tally.newest = max(tally.newest, int(seen))
        repository = self.cell(cells, REPOSITORY)
        values.beyond |= {name: cells[n] for name, n in self.others.items() if cells[n]}
        return Row(
            Source.PATCHED if fields.get("lastMitigated") else Source.CUMULATIVE,
            "" if repository.casefold() in NOT_A_REPOSITORY else repository,
            severity(self.cell(cells, SEVERITY)).value or Severity.INFO,
            fields,
            self.cell(cells, FAMILY),
            values.beyond or None,
        )

    def _identity(self, cells: Sequence[str], values: Values) -> dict[str, Any]:
        found = {}
        for name, wire, reading in _IDENTITY:
            text = self.cell(cells, name)
            found[wire] = values.text(reading(text), name, text)
        return found | {"hostUniqueness": "repositoryID,ip,dnsName"}

    def _fields(self, cells: Sequence[str], values: Values) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for column, place in self.at.items():
            if column in TEXTS:
                wire, text = TEXTS[column], cells[place]
                if not fields.get(wire):
                    fields[wire] = text if wire == "pluginText" else _told(text)
            elif column in NORMALISED:
                wire, reading = NORMALISED[column]
                if not fields.get(wire):
                    fields[wire] = values.text(reading(cells[place]), column, cells[place])
        for name in _LISTS:
            if "\n" in fields.get(name, ""):
                fields[name] = ",".join(fields[name].split("\n"))
        return fields

    def _dates(
        self, cells: Sequence[str], values: Values, *, day_first: bool | None
    ) -> dict[str, Any]:
        latest = values.tally.latest
        found = {}
        for column, place in self.at.items():
            if column in DATES and (text := cells[place].strip()):
                read = times.moment(
                    text,
                    earliest=times.EARLIEST if column in SEEN else times.EARLIEST_PUBLISHED,
                    latest=times.LATEST if column in END_OF_LIFE else latest,
                    day_first=day_first,
                )
                found[DATES[column]] = values.text(read, column, text)
        return found

    def _refused(self, cells: Sequence[str], record: Record, tally: Tally) -> str:
        """Why a record cannot be used; empty where it can."""
        if len(cells) != self.width:
            tally.torn += record.last - record.first + 1
            return f"it has {len(cells)} cells, the headings are {self.width}"
        plugin = self.cell(cells, PLUGIN)
        if (known := plugin_id(plugin)).value is None:
            torn = known.note is Note.PLUGIN_ABSENT or not any(map(str.isdigit, plugin))
            tally.torn += (record.last - record.first + 1) * torn
            return f"{PLUGIN} is {plugin[:80]!r}{_why(plugin)}"
        place = self.cell(cells, PORT)
        if port(place).odd:
            return f"{PORT} is {place[:80]!r}"
        told = self.cell(cells, SEVERITY)
        if severity(told).odd:
            return f"{SEVERITY} is {told[:80]!r}"
        named = self.cell(cells, ADDRESS)
        if address(named).odd:
            return f"{ADDRESS} is {named[:80]!r}, which is no single address"
        hosts = ((reading, self.cell(cells, name)) for name, reading in _HOSTS.items())
        return "" if any(reading(text).value for reading, text in hosts) else "it names no host"


_IDENTITY: tuple[tuple[str, str, Callable[[Any], Normalised[Any]]], ...] = (
    (PLUGIN, "pluginID", plugin_id),
    (ADDRESS, "ip", address),
    (PORT, "port", port),
    (PROTOCOL, "protocol", protocol),
)


def _why(plugin: str) -> str:
    return ": a spreadsheet rounded it" if _EXPONENT.fullmatch(plugin) else ""


def _refuse_foreign(at: dict[str, int], head: Sequence[str], tally: Tally) -> None:
    """Refuse what the console did not export, and warn of what an export leaves open."""
    missing = [name for name in (PLUGIN, SEVERITY) if name not in at]
    if not any(name in at for name in _HOSTS):
        missing.append(ADDRESS)
    if missing:
        raise headings.foreign(tally.name, head, missing)
    gone = [name for name in (PORT, PROTOCOL) if name not in at]
    if gone:
        tally.warnings.append(
            f"{tally.name} has no column {' and no column '.join(gone)}: what one plugin found at "
            "several ports of a host is one finding, and not the same as in files that tell it."
        )
    if "Last Observed" not in at:
        tally.warnings.append(
            f"{tally.name} has no column Last Observed: nothing tells how old its findings are."
        )


def _told(text: str) -> str:
    stripped = text.strip()
    return "" if stripped == "N/A" else stripped
