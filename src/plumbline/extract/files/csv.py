"""CSV exports of the console's lists of vulnerabilities; see docs/import.md."""

from __future__ import annotations

import csv
import io
import zlib
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from plumbline.domain.finding import Source
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.extract.files.interface import Row
from plumbline.extract.files.opening import HEAD, marked
from plumbline.extract.files.times import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from io import BufferedReader

    from plumbline.extract.files.interface import Tally

MOST_CELL = 16 << 20
"""Characters of one cell, and of one line."""
_LAST_PORT = 65_535
_DIGITS = 12
PLUGIN, SEVERITY, ADDRESS = "Plugin", "Severity", "IP Address"
PORT, PROTOCOL, REPOSITORY, FAMILY = "Port", "Protocol", "Repository", "Family"
MITIGATED = "Mitigated On"
NOT_A_REPOSITORY = frozenset({"", "individual scan"})
"""What the console writes as repository of the results of a single scan."""
TEXTS = {
    "Plugin Name": "pluginName",
    "MAC Address": "macAddress",
    "DNS Name": "dnsName",
    "NetBIOS Name": "netbiosName",
    "Agent ID": "uuid",
    "Host ID": "hostUUID",
    "Operating System": "operatingSystem",
    "Asset Criticality Rating": "acrScore",
    "Asset Exposure Score": "assetExposureScore",
    "Plugin Text": "pluginText",
    "Plugin Output": "pluginText",
    "Synopsis": "synopsis",
    "Description": "description",
    "Solution": "solution",
    "Steps to Remediate": "solution",
    "See Also": "seeAlso",
    "Risk Factor": "riskFactor",
    "STIG Severity": "stigSeverity",
    "VPR": "vprScore",
    "Vulnerability Priority Rating": "vprScore",
    "EPSS Score": "epssScore",
    "CVSS V2 Base Score": "baseScore",
    "CVSS V2 Temporal Score": "temporalScore",
    "CVSS V2 Vector": "cvssVector",
    "CVSS V3 Base Score": "cvssV3BaseScore",
    "CVSS V3 Temporal Score": "cvssV3TemporalScore",
    "CVSS V3 Vector": "cvssV3Vector",
    "CVSS V4 Base Score": "cvssV4BaseScore",
    "CVSS V4 Vector": "cvssV4Vector",
    "CVSS V4 Threat Score": "cvssV4ThreatScore",
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
DATES = {
    "First Discovered": "firstSeen",
    "Last Observed": "lastSeen",
    MITIGATED: "lastMitigated",
    "Vuln Publication Date": "vulnPubDate",
    "Patch Publication Date": "patchPubDate",
    "Plugin Publication Date": "pluginPubDate",
    "Plugin Modification Date": "pluginModDate",
    "Security End of Life Date": "seolDate",
}
_PLACES = (PLUGIN, SEVERITY, ADDRESS, PORT, PROTOCOL, REPOSITORY, FAMILY)
_NAMES = {name.casefold(): name for name in (*TEXTS, *DATES, *_PLACES)}
_HOSTS = (ADDRESS, "DNS Name", "NetBIOS Name", "Agent ID", "Host ID")
_SEVERITIES = {s.word: s.value for s in Severity} | {str(s.value): s.value for s in Severity}
_LISTS = ("cpe", "cve", "bid", "xref")


def read(stream: BufferedReader, tally: Tally) -> Iterator[Row]:
    """The rows of an export, as it is read; the account of it is in `tally`.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    csv.field_size_limit(MOST_CELL)
    lines = _Lines(stream, tally)
    head = next(lines, "")
    # Strict: a broken quote must not swallow the rows behind it.
    cells = csv.reader(_with(head, lines), delimiter=_delimiter(head), strict=True)
    sheet = _Sheet.of(next(cells, []), tally)
    while (found := _next(cells, lines, tally)) is not None:
        if any(found):
            tally.met += 1
            row = sheet.row(found, f"line {cells.line_num}", tally)
            if row is not None:
                yield row


def check(stream: BufferedReader, tally: Tally) -> None:
    """Look at the headings of an export, which are not taken from the stream.

    Raises:
        UsageError: it is no export of the console's: says which columns it lacks.
    """
    head = io.BytesIO(stream.peek(HEAD)[:HEAD])
    first = next(_Lines(io.BufferedReader(head), tally), "")
    delimiter = _delimiter(first)
    _Sheet.of(next(csv.reader([first], delimiter=delimiter), []), tally)


def _delimiter(head: str) -> str:
    return max(",;\t", key=head.count)


def _with(head: str, lines: Iterator[str]) -> Iterator[str]:
    yield head
    yield from lines


def _next(cells: Iterator[list[str]], lines: _Lines, tally: Tally) -> list[str] | None:
    """The next record; nothing at the end. Broken ones are rejected."""
    while True:
        try:
            return next(cells, None)
        except csv.Error as error:
            tally.met += 1
            tally.reject(f"line {lines.number}", str(error))
            if "unexpected end" in str(error):
                tally.broken = f"it ends within a quoted cell, in line {lines.number}"
        except (OSError, EOFError, zlib.error) as error:
            tally.broken = f"it breaks off or is damaged in line {lines.number} ({error})"
            return None


class _Lines:
    """The lines of a text, each of bounded length, without characters that steer."""

    def __init__(self, stream: BufferedReader, tally: Tally) -> None:
        encoding = marked(stream.peek(4)[:4])
        name = {"": "utf-8", "utf-8": "utf-8-sig"}.get(encoding, "utf-16")
        kept = io.BufferedReader(_Kept(stream), HEAD)
        self._text = io.TextIOWrapper(kept, name, errors="replace", newline="")
        self._tally = tally
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MOST_CELL)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) >= MOST_CELL:
            raise UsageError(
                f"{self._tally.name} has a line of more than {MOST_CELL >> 20} million characters "
                f"(line {self.number}): it is no export of the console's.",
                advice="look where the file comes from",
            )
        if "\ufffd" in line:
            self._tally.odd["bytes that are no text"] += line.count("\ufffd")
        if "\0" in line:
            self._tally.odd["control characters replaced"] += line.count("\0")
            line = line.replace("\0", "?")
        return line


class _Kept(io.RawIOBase):
    """A stream that stays open when its text is forgotten."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read on."""
        return self._stream.readinto1(buffer)


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
                tally.odd[f"column {key[:80]} twice, the first was read"] += 1
            elif key:
                home[key] = place
        _refuse_foreign(at, head, tally)
        return cls(width=len(head), at=at, others=others)

    def cell(self, cells: Sequence[str], name: str) -> str:
        """The cell of a column; empty without."""
        place = self.at.get(name)
        return "" if place is None else cells[place].strip()

    def row(self, cells: Sequence[str], place: str, tally: Tally) -> Row | None:
        """The row of a record; nothing where it cannot be used, which is counted."""
        reason = self._refused(cells)
        if reason:
            tally.reject(place, reason)
            return None
        tally.given += 1
        fields = self._fields(cells, tally)
        fields |= {
            "pluginID": self.cell(cells, PLUGIN),
            "ip": self.cell(cells, ADDRESS),
            "port": self.cell(cells, PORT),
            "protocol": self.cell(cells, PROTOCOL).upper(),
            "hostUniqueness": "repositoryID,ip,dnsName",
            "acceptRisk": "1" if fields.get("acceptRiskRuleComment") else "0",
            "recastRisk": "1" if fields.get("recastRiskRuleComment") else "0",
        }
        if seen := fields.get("lastSeen"):
            tally.newest = max(tally.newest, int(seen))
        repository = self.cell(cells, REPOSITORY)
        return Row(
            Source.PATCHED if fields.get("lastMitigated") else Source.CUMULATIVE,
            "" if repository.casefold() in NOT_A_REPOSITORY else repository,
            _SEVERITIES[self.cell(cells, SEVERITY).lower()],
            fields,
            self.cell(cells, FAMILY),
            {name: cells[n] for name, n in self.others.items() if cells[n]} or None,
        )

    def _fields(self, cells: Sequence[str], tally: Tally) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for column, place in self.at.items():
            text = cells[place]
            if column in DATES:
                fields[DATES[column]] = _moment(text, column, tally)
            elif column in TEXTS and not fields.get(TEXTS[column]):
                fields[TEXTS[column]] = text if TEXTS[column] == "pluginText" else _told(text)
        for name in _LISTS:
            if "\n" in fields.get(name, ""):
                fields[name] = ",".join(fields[name].split("\n"))
        return fields

    def _refused(self, cells: Sequence[str]) -> str:
        """Why a record cannot be used; empty where it can."""
        if len(cells) != self.width:
            return f"it has {len(cells)} cells, the headings are {self.width}"
        plugin, port = self.cell(cells, PLUGIN), self.cell(cells, PORT)
        if not _is_number(plugin) or plugin == "0":
            return f"{PLUGIN} is {plugin[:80]!r}"
        if port and not (_is_number(port) and int(port) <= _LAST_PORT):
            return f"{PORT} is {port[:80]!r}"
        severity = self.cell(cells, SEVERITY)
        if severity.lower() not in _SEVERITIES:
            return f"{SEVERITY} is {severity[:80]!r}"
        address = self.cell(cells, ADDRESS)
        if address and not _is_address(address):
            return f"{ADDRESS} is {address[:80]!r}"
        named = any(self.cell(cells, name) for name in _HOSTS)
        return "" if named else "it names no host"


def _refuse_foreign(at: dict[str, int], head: Sequence[str], tally: Tally) -> None:
    """Refuse what the console did not export, and warn of what an export leaves open."""
    missing = [name for name in (PLUGIN, SEVERITY) if name not in at]
    if not any(name in at for name in _HOSTS):
        missing.append(ADDRESS)
    if missing:
        raise UsageError(
            f"{tally.name} is no vulnerability export of Security Center{_whose(head)}: it lacks "
            f"the column{'s' * (len(missing) > 1)} {', '.join(missing)}.",
            advice="export the Vulnerability Detail List of Security Center as CSV, or give the "
            "scan result as .nessus",
        )
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


def _whose(head: Sequence[str]) -> str:
    names = {name.strip().casefold() for name in head}
    if {"plugin id", "risk", "host"} <= names:
        return " but a CSV of Nessus"
    if any(name.startswith("definition.") for name in names) or "asset uuid" in names:
        return " but one of Tenable Vulnerability Management"
    return ""


def _moment(text: str, column: str, tally: Tally) -> str:
    try:
        found = moment(text)
    except (ValueError, OverflowError):
        tally.odd[f"{column} that is no time"] += 1
        return ""
    if found.guessed:
        tally.odd[f"time zone {found.guessed[:40]} taken as UTC"] += 1
    return found.epoch


def _told(text: str) -> str:
    stripped = text.strip()
    return "" if stripped == "N/A" else stripped


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
