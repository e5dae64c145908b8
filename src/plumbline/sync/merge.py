"""How staged rows and those of the last snapshot become the rows of the next, in SQL.

Staged parts are seen as `staged_<table>`, the last snapshot as `before_<table>`; its findings as
`before`, and as `findings` those of the next.
"""

from __future__ import annotations

from plumbline.align.events import EVENT
from plumbline.extract.sheet import STAGED
from plumbline.tables import PLUGINS, REPOSITORIES

_NEWEST_PLUGINS = """
SELECT {columns} FROM (
  SELECT *, row_number() OVER (
    PARTITION BY plugin_id ORDER BY plugin_modified DESC NULLS LAST, filename DESC
  ) AS place FROM staged_plugins WHERE plugin_id IS NOT NULL
) WHERE place = 1
UNION ALL
SELECT {columns} FROM before_plugins ANTI JOIN staged_plugins USING (plugin_id)
ORDER BY plugin_id
"""
NEWEST_PLUGINS = _NEWEST_PLUGINS.format(columns=", ".join(PLUGINS.names))
"""Every plugin once, as it was told last."""

NEW_OUTPUTS = """
SELECT min(f.number * 4294967296 + s.file_row_number) AS place
FROM (
  SELECT output, filename, file_row_number
  FROM staged_outputs ANTI JOIN before_outputs USING (output)
) s
JOIN staged_files f ON f.filename = s.filename
GROUP BY s.output ORDER BY place
"""
"""Where the outputs are that are not stored yet, each once: keys are compared without the texts.

A place is the number of the part times 2^32, and the row in it.
"""

# What was known before of an alias that was told again has no age: whatever is said now beats it.
_ALL_ALIASES = """
SELECT {ways} FROM staged_aliases GROUP BY ALL
UNION ALL
SELECT {columns} FROM before_aliases ANTI JOIN staged_aliases USING (alias)
UNION ALL
SELECT {span} FROM before_aliases SEMI JOIN staged_aliases USING (alias)
UNION ALL
SELECT {rest} FROM before_aliases SEMI JOIN staged_aliases USING (alias)
"""
_KEYS = frozenset({"console", "alias"})
_SEEN = {
    "first_seen": "min(first_seen) AS first_seen",
    "last_seen": "max(last_seen) AS last_seen",
}
_FLEETING = frozenset({"ips", "credentialed"})
"""What holds only as long as the console says so: hosts leave addresses behind."""


def _all_aliases() -> str:
    names = STAGED["aliases"].names
    return _ALL_ALIASES.format(
        columns=", ".join(names),
        ways=", ".join(_SEEN.get(n, n) for n in names),
        span=", ".join(n if n in _KEYS | _SEEN.keys() else f"NULL AS {n}" for n in names),
        rest=", ".join(f"NULL AS {n}" if n in _FLEETING | _SEEN.keys() else n for n in names),
    )


ALL_ALIASES = _all_aliases()
"""Every name known for a host: as this run was told, else as it was told before."""

ALL_REPOSITORIES = f"""
SELECT {", ".join(REPOSITORIES.names)} FROM named_repositories
UNION ALL
SELECT {", ".join("false AS visible" if n == "visible" else n for n in REPOSITORIES.names)}
FROM before_repositories ANTI JOIN named_repositories USING (repository_id)
ORDER BY repository_id
"""  # noqa: S608 - put together from the names of our own columns
"""Every repository by its last known name, with whether the keys see it."""

HOST_COUNTS = """
SELECT count(*) FILTER (coalesce(present, true)), count(*) FILTER (NOT coalesce(present, true))
FROM hosts
"""
"""Hosts that are there, and those that departed."""

COUNTED = ("open", "new", "fixed", "reopened", "vanished", "changed")
COUNTS = f"""
SELECT
  count(*) FILTER (state IN ('open', 'reopened')),
  count(*) FILTER (event = 'opened'),
  count(*) FILTER (event = 'fixed'),
  count(*) FILTER (event = 'reopened'),
  count(*) FILTER (event = 'vanished'),
  count(*) FILTER (event IS NOT NULL AND known)
FROM (
  SELECT n.state, b.finding IS NOT NULL AS known,
    CASE WHEN n.changed_run = step.run THEN {EVENT} END AS event
  FROM findings n
  CROSS JOIN step
  LEFT JOIN (SELECT finding, state FROM before) b ON b.finding = n.finding
)
"""  # noqa: S608 - put together from our own rule of events
"""What is `COUNTED`: findings that stand now, and the events of this run by their names.

`docs/lifecycle.md` says what each word counts; pages and reports count the same events.
"""
