"""One host of a `.nessus` file, by its properties; see docs/import.md."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plumbline.domain.normalise import times
from plumbline.extract.files.interface import Values
from plumbline.extract.files.readings import address, dns_name, moments, netbios_name

if TYPE_CHECKING:
    from plumbline.extract.files.interface import Tally

_NAMES = (
    *("host-fqdn", "host-fqdns", "fqdn", "dns-name"),
    *("host-rdns", "rdns", "hostname", "host-name"),
)
"""Tags that name a host in DNS, the best first."""
_NETBIOS = ("netbios-name", "host-netbios", "netbios")
_TIMES = ("host-end-timestamp", "host-end", "host-start-timestamp", "host-start")
TAGS = frozenset(
    {*_NAMES, *_NETBIOS, *_TIMES, "host-ip", "mac-address", "operating-system", "os"}
    | {"host-uuid", "agent-uuid", "credentialed-scan"}
    | {"lastauthenticatedresults", "lastunauthenticatedresults"}
)
"""The properties of a host that are used, as `tag_name` writes them; the others are not kept."""
_BY_ADDRESS, _BY_AGENT = "repositoryID,ip,dnsName", "repositoryID,uuid"


def tag_name(text: str) -> str:
    """The name of a property in one spelling: `HOST_END` and `host-end` are the same."""
    return text.strip().casefold().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a host."""

    fields: dict[str, Any]
    """The console's fields; empty where nothing names it."""
    seen: str
    beyond: dict[str, Any]


@dataclass(slots=True)
class Host:
    """One `ReportHost` and those of its properties that are used."""

    name: str
    place: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    known: Known | None = None
    """What it is, once a result has asked."""

    def read(self, tally: Tally) -> Known:
        """What it is; its oddities are counted once."""
        if self.known is None:
            values = Values(tally, self.place)
            fields = self._fields(values)
            self.known = Known(fields, self._seen(values), values.beyond)
        return self.known

    def _seen(self, values: Values) -> str:
        """When its scan ended, in epoch seconds; empty where the file does not tell."""
        reading = moments(times.EARLIEST, values.tally.latest)
        for tag in _TIMES:
            text = self.tags.get(tag, "")
            if seconds := values.text(reading(text), tag, text):
                return seconds
        return ""

    def _fields(self, values: Values) -> dict[str, Any]:
        """The console's fields of it; empty where nothing names it."""
        tags = self.tags
        ip, name = self._names(values)
        agent = tags.get("agent-uuid", "")
        found = {
            "ip": ip,
            "dnsName": name,
            "netbiosName": netbios_name(_first(tags, *_NETBIOS)).value or "",
            "macAddress": ",".join(tags.get("mac-address", "").split()),
            "uuid": agent,
            "hostUUID": tags.get("host-uuid", ""),
        }
        if not any(found.values()):
            return {}
        return found | {
            "operatingSystem": "\n".join(listed(_first(tags, "operating-system", "os"))),
            "hostUniqueness": _BY_AGENT if agent else _BY_ADDRESS,
            "credentialed": _credentialed(tags),
        }

    def _names(self, values: Values) -> tuple[str, str]:
        """Address and DNS name."""
        told = self.tags.get("host-ip", "")
        linked = urlsplit(told).hostname or "" if "://" in told else ""
        named = self.name.strip()
        ip = ""
        for text, what in ((told, "host-ip"), (linked, "host-ip"), (named, "name")):
            if not ip and (found := address(text)).value:
                ip = values.text(found, what, text)
        for tag in _NAMES:
            if name := self._name(tag, values):
                return ip, name
        others = (one for one in (named, linked) if one and address(one).odd)
        return ip, values.text(dns_name(next(others, "")), "name", named)

    def _name(self, tag: str, values: Values) -> str:
        """The name that a tag tells; of several the first."""
        text = self.tags.get(tag, "")
        names = [one for one in _listed_names(text) if address(one).odd]
        if len(names) > 1:
            values.tally.note("tag with several names, the first was taken", text, self.place)
            values.beyond[tag] = text
        return values.text(dns_name(names[0]), tag, names[0]) if names else ""


def _first(tags: dict[str, str], *names: str) -> str:
    return next((text for name in names if (text := tags.get(name, ""))), "")


def listed(text: str) -> list[str]:
    """A text, or the parts of a JSON list that some exports write instead."""
    if text.startswith('["'):
        try:
            found = json.loads(text)
        except ValueError:
            return [text]
        return [str(one) for one in found]
    return [text.strip()] if text.strip() else []


def _listed_names(text: str) -> list[str]:
    """The names in a text: one, several, or a JSON list of names or of objects with an `FQDN`."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except ValueError:
            found = []
        parts = (one.get("FQDN", "") if isinstance(one, dict) else one for one in found)
        return [one.strip() for one in parts if isinstance(one, str) and one.strip()]
    return re.split(r"[,;\s]+", text) if text else []


def _credentialed(tags: dict[str, str]) -> str:
    told = tags.get("credentialed-scan", "").lower()
    if told in {"true", "false"}:
        return told
    with_them, without = (
        int(text) if (text := tags.get(name, "")).isascii() and text.isdigit() else 0
        for name in ("lastauthenticatedresults", "lastunauthenticatedresults")
    )
    if not with_them and not without:
        return ""
    return "true" if with_them >= without else "false"
