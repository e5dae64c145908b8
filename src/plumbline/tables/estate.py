"""Hosts, how the console names them, and the lists and repositories they are in."""

from plumbline.tables.declaration import Column, Kind, Table
from plumbline.tables.findings import CONSOLE

_SEEN = (
    Column("first_seen", Kind.TIME, "Earliest finding."),
    Column("last_seen", Kind.TIME, "Latest finding."),
)

HOSTS = Table(
    "hosts",
    "One aligned host.",
    ("console", "host"),
    (
        CONSOLE,
        Column("host", Kind.TEXT, "Key of the aligned host, 32 hex digits."),
        Column("ip", Kind.TEXT, "Address it was last seen at."),
        Column("ips", Kind.TEXTS, "Every address known for it."),
        Column("dns_name", Kind.TEXT, "DNS name."),
        Column("netbios_name", Kind.TEXT, "NetBIOS name."),
        Column("mac", Kind.TEXT, "MAC address."),
        Column("os", Kind.TEXT, "Operating system."),
        Column("host_uuid", Kind.TEXT, "The console's host id."),
        Column("agent_uuid", Kind.TEXT, "The agent's id."),
        Column("acr", Kind.NUMBER, "Asset Criticality Rating, 0 to 10."),
        Column("aes", Kind.NUMBER, "Asset Exposure Score, 0 to 1000."),
        *_SEEN,
        Column("credentialed", Kind.FLAG, "Last scan had credentials; null when not told."),
        Column("repositories", Kind.INTEGERS, "Repositories it is in, ascending."),
        Column("aliases", Kind.INTEGER, "How many names it has or had on the console."),
        Column("rule", Kind.TEXT, "Rule that joined its aliases; `single` for one alias."),
        Column("present", Kind.FLAG, "The console still has it; null in older snapshots."),
    ),
)

ALIASES = Table(
    "aliases",
    "How the console names a host in one repository, and by which rule it was joined.",
    ("console", "alias"),
    (
        CONSOLE,
        Column("alias", Kind.TEXT, "Key: hash of the fields named by host_uniqueness."),
        Column("host", Kind.TEXT, "Key of the aligned host."),
        Column("rule", Kind.TEXT, "host-uuid, agent-uuid, dns-and-ip, renamed, … or single."),
        Column("evidence", Kind.TEXT, "The value that joined it."),
        Column(
            "first_alias",
            Kind.TEXT,
            "Alias under which its host was first known at this address; null for that one.",
        ),
        Column("repository_id", Kind.INTEGER, "Repository.", "repository.id"),
        Column("ip", Kind.TEXT, "Address.", "ip"),
        Column("ips", Kind.TEXTS, "Every address known.", "ips"),
        Column("dns_name", Kind.TEXT, "DNS name.", "dnsName"),
        Column("netbios_name", Kind.TEXT, "NetBIOS name.", "netbiosName"),
        Column("mac", Kind.TEXT, "MAC address.", "macAddress"),
        Column("uuid", Kind.TEXT, "Agent's id.", "uuid"),
        Column("host_uuid", Kind.TEXT, "The console's host id.", "hostUUID"),
        Column("os", Kind.TEXT, "Operating system.", "operatingSystem"),
        Column("host_uniqueness", Kind.TEXT, "Fields that identify it.", "hostUniqueness"),
        Column("acr", Kind.NUMBER, "Asset Criticality Rating.", "acrScore"),
        Column("acr_evaluated", Kind.TIME, "When it was rated.", "acrLastEvaluatedTime"),
        Column("key_drivers", Kind.TEXT, "What drives the rating, as JSON.", "keyDrivers"),
        Column("aes", Kind.NUMBER, "Asset Exposure Score.", "assetExposureScore"),
        Column("credentialed", Kind.FLAG, "Last scan had credentials.", "lastAuthRun"),
        *_SEEN,
        Column("present", Kind.FLAG, "The console still has it; null in older snapshots."),
    ),
)

REPOSITORIES = Table(
    "repositories",
    "One repository the keys can see, or could once.",
    ("console", "repository_id"),
    (
        CONSOLE,
        Column("repository_id", Kind.INTEGER, "Repository.", "id"),
        Column("name", Kind.TEXT, "Name.", "name"),
        Column("description", Kind.TEXT, "Description.", "description"),
        Column("type", Kind.TEXT, "Local, Remote or Offline.", "type"),
        Column("data_format", Kind.TEXT, "IPv4, IPv6, agent, universal, mobile.", "dataFormat"),
        Column("last_vuln_update", Kind.TIME, "Last change of its findings.", "lastVulnUpdate"),
        Column("uuid", Kind.TEXT, "Id.", "uuid"),
        Column("visible", Kind.FLAG, "The keys see it; null in older snapshots, where they did."),
    ),
)

ASSET_LISTS = Table(
    "asset_lists",
    "One asset list: a named set of hosts.",
    ("console", "list_id"),
    (
        CONSOLE,
        Column("list_id", Kind.INTEGER, "Asset list.", "id"),
        Column("name", Kind.TEXT, "Name.", "name"),
        Column("type", Kind.TEXT, "static, dnsname, dynamic, combination, ….", "type"),
        Column("description", Kind.TEXT, "Description.", "description"),
        Column("tags", Kind.TEXT, "Tags.", "tags"),
        Column("owner", Kind.TEXT, "Owner.", "owner.username"),
        Column("owner_group", Kind.TEXT, "Owner's group.", "ownerGroup.name"),
        Column("status", Kind.TEXT, "Status; 0 is fine.", "status"),
        Column("created", Kind.TIME, "Created.", "createdTime"),
        Column("modified", Kind.TIME, "Changed.", "modifiedTime"),
        Column("ip_count", Kind.INTEGER, "The console's count; null while calculated.", "ipCount"),
        Column("prepared", Kind.FLAG, "The console has calculated its addresses."),
        Column("decided_by", Kind.TEXT, "definition or viewable: what decides membership."),
        Column("definition", Kind.TEXT, "Definition as JSON.", "typeFields"),
        Column("unparsed", Kind.TEXTS, "Lines that could not be read, kept as they came."),
        Column("extra", Kind.TEXT, "Fields that fit no column, as JSON."),
    ),
)

RANGES = Table(
    "ranges",
    "One part of a list's definition or of its viewable addresses.",
    ("console", "list_id", "repository_id", "origin", "text"),
    (
        CONSOLE,
        Column("list_id", Kind.INTEGER, "Asset list."),
        Column("repository_id", Kind.INTEGER, "Repository; null in a definition."),
        Column("origin", Kind.TEXT, "definition or viewable."),
        Column("kind", Kind.TEXT, "ipv4, ipv6, dns, uuid or unparsed."),
        Column("text", Kind.TEXT, "As the console wrote it."),
        Column("first", Kind.TEXT, "First address, 32 hex digits; the name or id otherwise."),
        Column("last", Kind.TEXT, "Last address, 32 hex digits; the name or id otherwise."),
    ),
)

MEMBERSHIPS = Table(
    "memberships",
    "One host in one asset list, once, with the reason.",
    ("console", "list_id", "host"),
    (
        CONSOLE,
        Column("list_id", Kind.INTEGER, "Asset list."),
        Column("host", Kind.TEXT, "Key of the aligned host."),
        Column("alias", Kind.TEXT, "Key of the alias that matched."),
        Column("reason", Kind.TEXT, "range, uuid or dns."),
        Column("evidence", Kind.TEXT, "The range, id or name that says so, as it was written."),
        Column("origin", Kind.TEXT, "definition or viewable."),
    ),
)
