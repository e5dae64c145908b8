"""Small `.nessus` files and CSV exports, made to order."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

DAY = 86_400
START = 1_700_000_000


@dataclass(frozen=True, kw_only=True)
class Item:
    """One result."""

    plugin: int | str = 10_000
    port: int | str = 443
    protocol: str = "tcp"
    severity: int | str = 2
    output: str = "seen"
    more: str = ""
    """Elements as XML."""

    def xml(self) -> str:
        attributes = {
            "port": self.port,
            "svc_name": "www",
            "protocol": self.protocol,
            "severity": self.severity,
            "pluginID": self.plugin,
            "pluginName": f"Plugin {self.plugin}",
            "pluginFamily": "General",
        }
        told = " ".join(f"{name}={quoteattr(str(value))}" for name, value in attributes.items())
        output = f"<plugin_output>{escape(self.output)}</plugin_output>" if self.output else ""
        return f"<ReportItem {told}>{output}{self.more}</ReportItem>"


@dataclass(frozen=True, kw_only=True)
class Host:
    """One scanned host."""

    ip: str = "10.0.0.1"
    name: str = ""
    end: int | None = START
    items: tuple[Item, ...] = (Item(),)
    tags: dict[str, str] = field(default_factory=dict)

    def xml(self) -> str:
        tags = {"host-ip": self.ip} | self.tags
        if self.end is not None:
            tags["HOST_END_TIMESTAMP"] = str(self.end)
        told = "".join(
            f"<tag name={quoteattr(name)}>{escape(text)}</tag>"
            for name, text in tags.items()
            if text
        )
        items = "".join(item.xml() for item in self.items)
        name = quoteattr(self.name or self.ip)
        head = f"<HostProperties>{told}</HostProperties>"
        return f"<ReportHost name={name}>{head}{items}</ReportHost>"


def nessus(*hosts: Host) -> bytes:
    """A scan result."""
    told = "\n".join(host.xml() for host in hosts)
    return (
        '<?xml version="1.0" ?>\n<NessusClientData_v2><Policy><policyName>p</policyName></Policy>\n'
        f'<Report name="r" xmlns:cm="http://www.nessus.org/cm">\n{told}\n</Report>'
        "</NessusClientData_v2>\n"
    ).encode()


ROW = {
    "Plugin": "10000",
    "Plugin Name": "Plugin 10000",
    "Family": "General",
    "Severity": "Medium",
    "IP Address": "10.0.0.1",
    "Protocol": "TCP",
    "Port": "443",
    "Repository": "Main",
    "DNS Name": "",
    "Plugin Output": "seen",
    "First Discovered": "Nov 1, 2023 10:00:00 UTC",
    "Last Observed": "Nov 14, 2023 22:13:20 UTC",
}


def export(*rows: dict[str, str], head: tuple[str, ...] = tuple(ROW)) -> bytes:
    """A CSV export of the console's."""
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([(ROW | row)[name] for name in head])
    return stream.getvalue().encode()
