"""Which hosts a console still has, and which departed.

A console tells its hosts one by one when a repository is read whole. An alias that it does not
tell there any more, and on which nothing is open, departed; so did a host all of whose aliases
did. Where a repository was not read whole, and where the keys cannot see it, nothing is concluded:
what was known before stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.domain.finding import OPEN_STATES, FindingState

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

_STANDING = ", ".join(f"'{state}'" for state in sorted({*OPEN_STATES, FindingState.ACCEPTED}))
# In the order of the aliases, whose column it becomes.
_PRESENT = f"""
SELECT n.alias,
  told.alias IS NOT NULL OR standing.alias IS NOT NULL
  OR (n.repository_id NOT IN (SELECT repository_id FROM listed) AND coalesce(b.present, true))
  OR n.repository_id IS NULL AS present
FROM aliases_now n
LEFT JOIN (SELECT DISTINCT alias FROM listed_hosts) told ON told.alias = n.alias
LEFT JOIN (
  SELECT DISTINCT alias FROM findings WHERE state IN ({_STANDING})
) standing ON standing.alias = n.alias
LEFT JOIN (SELECT alias, present FROM before_aliases) b ON b.alias = n.alias
ORDER BY n.alias
"""  # noqa: S608 - put together from our own words


def mark_present(
    engine: duckdb.DuckDBPyConnection,
    hosts: pa.Table,
    aliases: pa.Table,
    listed: Iterable[int],
    former: pa.Array,
) -> tuple[pa.Table, pa.Table]:
    """Hosts and aliases with `present`; aliases that are `former` are not.

    `listed` names the repositories of which every host was told; the engine shows the aliases told
    there as `listed_hosts`, those of the snapshot before as `before_aliases`, and as `findings`
    those of the next one.
    """
    engine.register("listed", pa.table({"repository_id": pa.array(listed, pa.int64())}))
    engine.register("aliases_now", aliases.select(["alias", "repository_id"]))
    found = engine.execute(_PRESENT).to_arrow_table()
    aliases = aliases.sort_by("alias")
    borne = pc.invert(pc.is_in(aliases["alias"], value_set=former))
    aliases = _with(aliases, pc.and_(found["present"], borne))
    still = aliases.group_by("host").aggregate([("present", "any")])
    places = pc.index_in(hosts["host"], still["host"])
    return _with(hosts, still["present_any"].take(places)), aliases


def _with(rows: pa.Table, present: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.column_names.index("present"), "present", present)
