"""The four lists: what each shows, which facets stand beside it, and what it begins with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.posture import refining
from plumbline.posture.relations import RELATIONS
from plumbline.web import cells, places

if TYPE_CHECKING:
    from plumbline.posture.filters import Query
    from plumbline.posture.relation import Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One list."""

    page: str
    """Name of its address."""
    relation: Relation
    title: str
    one: str
    many: str
    begins: str
    """Its query before anybody has written one."""
    columns: tuple[str, ...]
    facets: tuple[str, ...]
    hidden: tuple[str, ...]
    """Columns that links of its rows need."""
    hint: str
    """Conditions of this list, as an empty filter shows them."""

    def effective(self, written: str, query: Query) -> tuple[str, Query]:
        """A query that can be read, with the list's default condition where it has to stand."""
        whole = refining.defaulted(query, self.relation)
        return (written, query) if whole is query else (whole.written, whole)

    @property
    def along(self) -> tuple[str, ...]:
        """What exports have besides the columns, in words."""
        names = (name for name in self.relation.taken_along if name not in self.columns)
        return tuple(cells.label(self.relation.field(name)) for name in names)


FINDINGS = Kind(
    page="findings",
    relation=RELATIONS["findings"],
    title="Findings",
    one="finding",
    many="findings",
    begins=places.OPEN,
    columns=(
        "severity", "risk", "plugin_name", "host_name", "port", "state", "sla", "age_days", "kev",
    ),
    facets=(
        "severity", "state", "exploitable", "kev", "sla", "asset_lists", "repository", "family",
        "os", "console",
    ),
    hidden=("finding", "host", "plugin_id", "ip"),
    hint="severity:critical kev:yes age:>30",
)  # fmt: skip
HOSTS = Kind(
    page="hosts",
    relation=RELATIONS["hosts"],
    title="Hosts",
    one="host",
    many="hosts",
    begins=places.HERE,
    columns=(
        "host_name", "ip", "os", "critical", "high", "medium", "low", "risk", "score",
        "last_seen",
    ),
    facets=("present", "credentialed", "os", "asset_lists", "repositories", "rule", "consoles"),
    hidden=("host", "ip"),
    hint="critical:>0 credentialed:no last_seen:>30d",
)  # fmt: skip
PLUGINS = Kind(
    page="vulnerabilities",
    relation=RELATIONS["plugins"],
    title="Vulnerabilities",
    one="vulnerability",
    many="vulnerabilities",
    begins="findings:>0",
    columns=(
        "severity", "risk", "name", "hosts", "findings", "vpr", "epss", "kev", "exploit", "cves",
    ),
    facets=("severity", "exploitable", "kev", "family", "console"),
    hidden=("plugin_id", "console"),
    hint="severity:critical exploit:yes hosts:>3",
)  # fmt: skip
LISTS = Kind(
    page="lists",
    relation=RELATIONS["lists"],
    title="Asset lists",
    one="asset list",
    many="asset lists",
    begins="",
    columns=(
        "name", "type", "hosts", "critical", "high", "medium", "low", "findings", "risk", "score",
    ),
    facets=("type", "decided_by", "owner", "console"),
    hidden=("console", "id", "name"),
    hint="type:dynamic critical:>0 hosts:0",
)  # fmt: skip
KINDS = {kind.page: kind for kind in (FINDINGS, HOSTS, PLUGINS, LISTS)}
