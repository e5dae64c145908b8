"""Hosts that keep their address while their name changes, goes missing or comes back.

In a repository that tells hosts apart by address and name, a host with another name is another
alias. It is not another machine: nothing was repaired, and nothing is new. So an alias that takes
the place of the only host at its address *continues* it: the two are one host, and findings keep
the keys they have under the host's first alias. Anything that says that they are two machines keeps
them apart; `sql/renames.sql` has the conditions, docs/alignment.md tells them with their limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align.joins import telling_ids, telling_macs, telling_names
from plumbline.domain.normalise import addresses
from plumbline.lake.sql import statement

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

_NAMES = ("alias", "repository_id", "ip", "dns_name", "netbios_name", "mac", "uuid", "host_uuid")
_COLUMNS = (*_NAMES, "host_uniqueness", "last_seen")
_NAMES_ADDRESS = r"(?i)(^|,)\s*ip\s*(,|$)"
_NAMES_ID = r"(?i)(^|,)\s*(host)?uuid\s*(,|$)"
RENAMED = pa.schema(
    [
        ("alias", pa.string()),
        ("repository_id", pa.int64()),
        ("ip", pa.string()),
        ("by_address", pa.bool_()),
        ("was", pa.string()),
        ("became", pa.string()),
    ]
)
"""A host that got another name."""
_CONTINUED = pa.schema([(name, pa.string()) for name in ("alias", "first_alias", "evidence")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Renames:
    """Which aliases continue a host that was known under another one."""

    continued: pa.Table = field(default_factory=_CONTINUED.empty_table)
    """Alias, the first alias of its host, and how the one came from the other."""
    former: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    """Aliases that their hosts do not bear any more."""
    events: pa.Table = field(default_factory=RENAMED.empty_table)
    """The names that changed in these readings."""


class NameHistory:
    """Follows the names of a connection's hosts from reading to reading.

    `known` are the aliases of the last snapshot. A reading is what a run was told, or one file.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection, known: pa.Table) -> None:
        self._engine = engine
        self._events: list[pa.Table] = []
        self._readings = 0
        known = known.select([*_COLUMNS, "first_alias", "evidence", "present"])
        known = _comparable(known, _canonical(known["ip"]))
        engine.register("known_now", known)
        engine.execute(_sql("names_known"))
        engine.unregister("known_now")

    def read(self, told: pa.Table, whole: Iterable[tuple[int, str | None]]) -> None:
        """Take in the aliases of one reading, in any number of rows each.

        `whole` names the repositories, and single addresses in them, of which every host was told.
        """
        self._readings += 1
        rows = _comparable(told.select(_COLUMNS), told["ip"])
        self._engine.register("told_now", rows)
        self._engine.register("read_whole", _places(whole))
        self._engine.execute(_sql("names_told"))
        renames = self._engine.execute(_sql("renames")).to_arrow_table()
        known_before = self._engine.execute(_sql("renamed_known")).to_arrow_table()
        self._events.append(known_before.cast(RENAMED))
        renamed = renames.filter(renames["is_renamed"]).select(RENAMED.names)
        self._events.append(renamed.cast(RENAMED))
        self._engine.register("renames", renames)
        self._engine.execute(_sql("names_learned"), {"reading": self._readings})
        for name in ("told_now", "renames", "read_whole"):
            self._engine.unregister(name)

    def renames(self) -> Renames:
        """What has been learned so far."""
        continued = self._engine.execute(_sql("names_continued")).to_arrow_table().cast(_CONTINUED)
        former = (
            self._engine.execute(_sql("names_former")).to_arrow_table()["alias"].combine_chunks()
        )
        return Renames(continued=continued, former=former, events=pa.concat_tables(self._events))


def _sql(name: str) -> str:
    return statement("plumbline.align", name)


def _comparable(aliases: pa.Table, ip: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The aliases with what they can be compared by; null where that tells nothing."""
    fields = pc.fill_null(aliases["host_uniqueness"], "")
    id_named = pc.match_substring_regex(fields, _NAMES_ID)
    unnamed = pc.and_(pc.equal(fields, ""), pc.equal(pc.fill_null(aliases["uuid"], ""), ""))
    by_address = pc.or_(pc.match_substring_regex(fields, _NAMES_ADDRESS), unnamed)
    has_address = pc.fill_null(pc.not_equal(ip, ""), fill_value=False)
    by_address = pc.and_(pc.and_not(by_address, id_named), has_address)
    columns = {
        "ip": ip,
        "dns": telling_names(aliases["dns_name"]),
        "host_id": telling_ids(aliases["host_uuid"]),
        "agent_id": telling_ids(aliases["uuid"]),
        "mac": telling_macs(aliases["mac"]),
        "by_address": by_address,
    }
    kept = aliases.drop_columns(["ip", "mac"])
    return pa.table({**dict(zip(kept.column_names, kept.columns, strict=True)), **columns})


def _canonical(written: pa.ChunkedArray) -> pa.Array:
    """Addresses in their canonical form; older snapshots hold them as they were written."""
    distinct = written.combine_chunks().dictionary_encode()
    texts = [
        text and (addresses.address(text).value or text) for text in distinct.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(distinct.indices)


def _places(whole: Iterable[tuple[int, str | None]]) -> pa.Table:
    homes, ips = zip(*found, strict=True) if (found := list(whole)) else ((), ())
    return pa.table(
        {"repository_id": pa.array(homes, pa.int64()), "ip": pa.array(ips, pa.string())}
    )
