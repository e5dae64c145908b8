"""How a value of a relation is shown in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.html import format_html, format_html_join

from plumbline.posture.refining import term
from plumbline.posture.relation import FieldKind
from plumbline.web import marks, places

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.utils.safestring import SafeString

    from plumbline.posture.relation import Field

    Row = Mapping[str, Any]

_NUMBERS = frozenset({FieldKind.INTEGER, FieldKind.NUMBER, FieldKind.DAYS})
_IDS = frozenset({"plugin_id", "id", "port", "repository_id", "opened_run", "changed_run"})
_THIN = "\N{NARROW NO-BREAK SPACE}"
_FEW = 3
_FEWER = {"cves": 1}
"""So many values of a column are written out; the rest is a number."""
_ZERO = format_html('<span class="muted">{}</span>', 0)
_NO = format_html('<span class="muted">{}</span>', "no")
_LONG = 200
_CLIPPED = frozenset({"os", "family", "repository", "netbios_name"})
"""Texts that are cut off where their column is narrow; the whole is told at the pointer."""
_STATES = {"reopened": "warn", "fixed": "good", "overdue": "bad", "met": "good", "missed": "warn"}
ABSENCES = {
    "sla": "no deadline",
    "due_at": "no deadline",
    "fixed_at": "not fixed",
    "asset_lists": "in no list",
    "cves": "none named",
}
"""What it means that a value is missing, where that is no silence of the console."""
LABELS = {
    "ip": "Address",
    "host_name": "Host",
    "dns_name": "DNS name",
    "netbios_name": "NetBIOS",
    "mac": "MAC",
    "os": "Operating system",
    "plugin_id": "Plugin",
    "host": "Key",
    "ips": "Addresses",
    "ip_count": "Console's own count",
    "host_uuid": "Console's id",
    "agent_uuid": "Agent's id",
    "plugin_name": "Vulnerability",
    "age_days": "Age",
    "vpr": "VPR",
    "epss": "EPSS",
    "kev": "KEV",
    "cves": "CVEs",
    "cvss2": "CVSS 2",
    "cvss3": "CVSS 3",
    "cvss4": "CVSS 4",
    "sc_score": "SC score",
    "sla": "Deadline",
    "due_at": "Due",
    "acr": "ACR",
    "aes": "AES",
    "asset_lists": "Asset lists",
    "xrefs": "Cross references",
    "console": "Connection",
    "consoles": "Connections",
    "id": "Number",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in its place."""

    name: str
    """Its field; also decides how wide its column may become."""
    label: str
    html: SafeString | str
    number: bool


def label(field: Field) -> str:
    """What a field is called over its column."""
    return LABELS.get(field.name, field.name.replace("_", " ").capitalize())


def is_number(field: Field) -> bool:
    """Whether its column is set flush right."""
    return field.kind in _NUMBERS and field.name != "risk"


def cell(relation: str, field: Field, row: Row, *, several: bool) -> Cell:
    """A value of a row."""
    value = row.get(field.name)
    own = _OWN.get((relation, field.name))
    shown = own(value, row, several) if own and value is not None else plain(field, value)
    return Cell(field.name, label(field), shown, is_number(field))


def plain(field: Field, value: Any) -> SafeString | str:
    """A value by what kind it is."""
    if value in (None, "", []):
        return marks.absent(ABSENCES.get(field.name, "not supplied"))
    if field.name in {"risk", "severity", "kev"}:
        return _SPECIAL[field.name](value)
    return _KINDS.get(field.kind, _text)(value, field)


def _text(value: Any, field: Field) -> SafeString | str:
    text = str(value)
    if field.name in _CLIPPED:
        return format_html('<span title="{0}">{0}</span>', text)
    if len(text) <= _LONG:
        return text
    return format_html('<span title="{}">{}…</span>', text[:2_000], text[:_LONG])


def _number(value: Any, field: Field) -> str:
    if field.name in _IDS:
        return str(value)
    if field.name == "epss":
        return f"{value:.1%}"
    return marks.number(value) if isinstance(value, int) else f"{value:,.1f}"


def _days(value: Any, _: Field) -> str:
    return f"{marks.number(value)}{_THIN}d"


def _several(value: Any, field: Field) -> SafeString | str:
    most = _FEWER.get(field.name, _FEW)
    few = format_html_join(", ", "{}", ((one,) for one in value[:most]))
    if len(value) <= most:
        return few
    rest = ", ".join(map(str, value[most:]))
    return format_html('{} <span class="muted" title="{}">+{}</span>', few, rest, len(value) - most)


def _flag(value: Any, _: Field) -> SafeString | str:
    # What is so stands out; a column of "no" is read past.
    return "yes" if value else _NO


def _word(value: Any, _: Field) -> SafeString | str:
    text = str(value).replace("_", " ")
    kind = _STATES.get(str(value))
    return marks.badge(text, kind) if kind else text


_SPECIAL: dict[str, Callable[[Any], SafeString | str]] = {
    "risk": marks.risk,
    "severity": marks.severity,
    "kev": lambda value: marks.badge("KEV", "kev") if value else _NO,
}
_KINDS: dict[FieldKind, Callable[[Any, Field], SafeString | str]] = {
    FieldKind.TIME: lambda value, _: marks.moment(value),
    FieldKind.FLAG: _flag,
    FieldKind.INTEGER: _number,
    FieldKind.NUMBER: _number,
    FieldKind.DAYS: _days,
    FieldKind.TEXTS: _several,
    FieldKind.WORD: _word,
    FieldKind.ADDRESS: lambda value, f: _several(value, f) if isinstance(value, list) else value,
}


def _to_host(value: Any, row: Row, _: bool) -> SafeString | str:  # noqa: FBT001 - as all of these
    key = row.get("host")
    shown = value if isinstance(value, str) else ", ".join(value[:_FEW])
    if not key:
        return shown
    return format_html('<a href="{}" title="{}">{}</a>', places.host(key), shown, shown)


def _to_plugin(value: Any, row: Row, _: bool) -> SafeString:  # noqa: FBT001 - likewise
    return format_html(
        '<a href="{}" title="{}">{}</a>', places.plugin(row["plugin_id"]), value, value
    )


def _to_list(value: Any, row: Row, _: bool) -> SafeString | str:  # noqa: FBT001 - likewise
    from django.urls import reverse  # noqa: PLC0415 - of this one alone

    href = reverse("list", args=[row["console"], row["id"]])
    return format_html('<a href="{}">{}</a>', href, value)


def _of_host(word: str) -> Callable[[Any, Row, bool], SafeString | str]:
    def shown(value: Any, row: Row, _: bool) -> SafeString | str:  # noqa: FBT001 - likewise
        what = () if word == "findings" else (f"severity:{word}",)
        return _counted(value, places.open_findings(term("host", row["host"]), *what))

    return shown


def _of_list(word: str) -> Callable[[Any, Row, bool], SafeString | str]:
    def shown(value: Any, row: Row, several: bool) -> SafeString | str:  # noqa: FBT001 - likewise
        here = places.of_list(row["console"], row["name"], several=several)
        if word == "hosts":
            return _counted(value, places.to("hosts", places.HERE, here))
        what = () if word == "findings" else (f"severity:{word}",)
        return _counted(value, places.open_findings(here, *what))

    return shown


def _of_plugin(value: Any, row: Row, several: bool) -> SafeString | str:  # noqa: FBT001 - likewise
    here = [term("plugin", str(row["plugin_id"]))]
    if several:
        here.append(term("console", row["console"]))
    return _counted(value, places.open_findings(*here))


def _counted(value: int, href: str) -> SafeString | str:
    return marks.count(value, href) if value else _ZERO


_COUNTS = ("critical", "high", "medium", "low", "info", "findings")
_OWN: dict[tuple[str, str], Callable[[Any, Row, bool], SafeString | str]] = {
    ("findings", "ip"): _to_host,
    ("findings", "host_name"): _to_host,
    ("findings", "dns_name"): _to_host,
    ("findings", "plugin_name"): _to_plugin,
    ("hosts", "ip"): _to_host,
    ("hosts", "host_name"): _to_host,
    ("hosts", "dns_name"): _to_host,
    ("plugins", "name"): _to_plugin,
    ("plugins", "findings"): _of_plugin,
    ("lists", "name"): _to_list,
    ("lists", "hosts"): _of_list("hosts"),
    **{("hosts", word): _of_host(word) for word in _COUNTS},
    **{("lists", word): _of_list(word) for word in _COUNTS},
}
