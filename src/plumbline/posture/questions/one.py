"""What is known of one host, and of one plugin?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.domain.finding import OPEN_STATES
from plumbline.errors import UsageError
from plumbline.posture import consoles, explore
from plumbline.posture.engine import Statement
from plumbline.posture.filters import Query, Term, Text, Value
from plumbline.posture.findings import FINDINGS
from plumbline.posture.forms import Slots
from plumbline.posture.questions.interface import Parameter, Question, headings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_HOST = (
    "console", "host", "host_name", "ip", "dns_name", "severity", "state", "risk", "plugin_id",
    "plugin_name", "port", "protocol", "age_days", "first_seen", "last_seen", "fixed_at",
    "repository",
)  # fmt: skip
_PLUGIN = (
    "console", "plugin_id", "plugin_name", "severity", "risk", "host", "host_name", "ip",
    "dns_name", "os", "port", "protocol", "state", "age_days", "first_seen", "last_seen",
    "asset_lists",
)  # fmt: skip
_MOST_CANDIDATES = 20


def term(name: str, *values: str) -> Term:
    """A condition with values that are taken as they stand."""
    texts = tuple(Value(low=Text(value, quoted=True)) for value in values)
    return Term(name=name, values=texts)


def _host(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    return explore.page(FINDINGS, estate, _host_request(estate, arguments))


def _host_prepared(estate: Estate, arguments: Mapping[str, str]) -> Statement:
    return explore.rows(FINDINGS, estate, _host_request(estate, arguments))


def _host_request(estate: Estate, arguments: Mapping[str, str]) -> explore.Request:
    query = Query((term("host", found_host(estate, arguments["host"])),))
    return explore.Request(query=query, columns=_HOST)


def found_host(estate: Estate, wanted: str) -> str:
    """Key of the host that is meant by a key, an address or a name; one for all consoles.

    Raises:
        UsageError: there is none, or there are several; these are told.
    """
    name = wanted.strip().lower()
    held = f"host called {name}"
    if estate.held(held) is None:
        # A page asks several questions about one host. No more is kept than hosts have names.
        estate.hold(held, _looked_up(estate, wanted, name))
    return str(estate.held(held))


def _looked_up(estate: Estate, wanted: str, name: str) -> str:
    slots = Slots()
    known = (consoles.keys_of(estate, name)[0], name)
    form = tuple(map(slots.text, known))
    answer = estate.formed(("host-called", known), form, slots, lambda n: _called(estate, *n))
    found = answer.fetch().to_pylist()
    if not found:
        raise UsageError(
            f"No host is called {wanted!r}.",
            advice="give its key, address or DNS name; `plumbline hosts WORD` searches.",
        )
    if len(found) > 1:
        listed = "\n".join(
            f"  {row['host']}  {row['ip'] or '-'}  {row['dns_name'] or '-'}  "
            f"({', '.join(row['consoles'])})"
            for row in found
        )
        raise UsageError(
            f"{len(found)} hosts or more are called {wanted!r}:\n{listed}",
            advice="ask again with the key of one of them.",
        )
    return str(found[0]["host"])


def _called(estate: Estate, key: str, name: str) -> ir.Table:
    hosts = consoles.hosts(estate)
    rows = hosts.filter(
        (hosts.host == key)
        | (hosts.ip == name)
        | hosts.ips.contains(name).fill_null(False)  # noqa: FBT003 - the engine's signature
        | (hosts.dns_name.lower() == name)
        | (hosts.netbios_name.lower() == name)
    )
    rows = rows.select("consoles", "host", "ip", "dns_name").order_by("host")
    return rows.limit(_MOST_CANDIDATES)


def _plugin(estate: Estate, arguments: Mapping[str, str]) -> ir.Table:
    return explore.page(FINDINGS, estate, _plugin_request(estate, arguments))


def _plugin_prepared(estate: Estate, arguments: Mapping[str, str]) -> Statement:
    return explore.rows(FINDINGS, estate, _plugin_request(estate, arguments))


def _plugin_request(estate: Estate, arguments: Mapping[str, str]) -> explore.Request:
    number = arguments["id"].strip()
    if not (number.isascii() and number.isdigit() and len(number) < len(str(2**63))):
        raise UsageError(f"{number!r} is no plugin number.", advice="write digits only.")
    plugins = estate.table("plugins")
    known = plugins.filter(plugins.plugin_id == int(number)).limit(1).select("plugin_id")
    if not Statement.of(known, estate.backend).fetch().num_rows:
        raise UsageError(
            f"No plugin {number} is known in this snapshot.",
            advice="`plumbline plugins WORD` searches by name.",
        )
    query = Query((term("plugin_id", number), term("state", *sorted(OPEN_STATES))))
    return explore.Request(query=query, columns=_PLUGIN)


HOST = Question(
    name="host",
    title="Findings of one host",
    doc="Every finding of one host, whatever its state, the most urgent first.",
    columns=headings(FINDINGS, _HOST),
    ask=_host,
    statement=_host_prepared,
    parameters=(Parameter(name="host", doc="a host's key, address or DNS name"),),
)

PLUGIN = Question(
    name="plugin",
    title="Hosts of one plugin",
    doc="Every host on which the findings of one plugin are open.",
    columns=headings(FINDINGS, _PLUGIN),
    ask=_plugin,
    statement=_plugin_prepared,
    parameters=(Parameter(name="id", doc="the plugin's number"),),
)
