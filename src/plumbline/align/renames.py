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
        ("old_name", pa.string()),
        ("new_name", pa.string()),
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

    `before` are the aliases of the last snapshot. A reading is what a run read, or one file.
    Nearly all names stay as they were: only hosts near to one that changed are given to the engine.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection, before: pa.Table) -> None:
        self._engine = engine
        self._events: list[pa.Table] = []
        self._readings = 0
        before = before.select([*_COLUMNS, "first_alias", "evidence", "present"])
        engine.register("aliases_before", _comparable(before, _canonical(before["ip"])))
        self._before = engine.execute(_sql("names_before")).to_arrow_table()
        engine.unregister("aliases_before")

    def read(
        self,
        reported: pa.Table,
        complete: Iterable[tuple[int, str | None]],
        *,
        all_of_them: bool = False,
    ) -> None:
        """Take in the aliases of one reading, in any number of rows each.

        `complete` names the repositories, and single addresses in them, all of whose hosts are
        reported. With `all_of_them`, hosts are looked at whose names did not change, too.
        """
        self._readings += 1
        reported = _comparable(reported.select(_COLUMNS), reported["ip"])
        changed = reported["alias"].is_valid() if all_of_them else self._changed(reported)
        if not pc.any(changed).as_py():
            return
        near_reported, near_before = _near(changed, reported, self._before)
        self._engine.register("aliases_reported", reported.filter(near_reported))
        self._engine.register("names_before", self._before.filter(near_before))
        self._engine.register("complete_places", _places(complete))
        self._engine.execute(_sql("names_reported"))
        renames = self._engine.execute(_sql("renames")).to_arrow_table()
        renamed_before = self._engine.execute(_sql("renamed_before")).to_arrow_table()
        self._events.append(renamed_before.cast(RENAMED))
        renamed = renames.filter(renames["is_renamed"]).select(RENAMED.names)
        self._events.append(renamed.cast(RENAMED))
        self._engine.register("renames", renames)
        learned = self._engine.execute(_sql("names_learned"), {"reading": self._readings})
        rest = self._before.filter(pc.invert(near_before))
        self._before = pa.concat_tables([rest, learned.to_arrow_table().cast(rest.schema)])
        for name in ("aliases_reported", "names_before", "renames", "complete_places"):
            self._engine.unregister(name)

    def _changed(self, reported: pa.Table) -> pa.ChunkedArray:
        """Which rows tell a new alias, another name, or a host that had several names."""
        row = pc.index_in(reported["alias"], value_set=self._before["alias"])
        before = self._before.select(["dns", "netbios_name", "first_alias"]).take(row)
        several = self._continued()["first_alias"]
        changed = pc.or_(row.is_null(), pc.is_in(before["first_alias"], value_set=several))
        for name in ("dns", "netbios_name"):
            now, then = (pc.utf8_upper(pc.fill_null(rows[name], "")) for rows in (reported, before))
            changed = pc.or_(changed, pc.not_equal(now, then))
        return changed

    def mend(self) -> bool:
        """Join hosts that an earlier version took for two, once everything was read anew.

        Reads the findings of the last snapshot from `before`; whether they have to be keyed anew.
        """
        self._engine.register("names_before", self._before)
        split = self._engine.execute(_sql("split_hosts")).to_arrow_table()
        self._engine.unregister("names_before")
        self._engine.register("split_hosts", split)
        row = pc.index_in(self._before["alias"], value_set=split["alias"])
        for name in ("first_alias", "evidence"):
            column = pc.coalesce(split[name].take(row), self._before[name])
            at = self._before.column_names.index(name)
            self._before = self._before.set_column(at, name, column)
        return bool(split.num_rows)

    def renames(self) -> Renames:
        """What has been learned so far."""
        continued = self._continued()
        several = pc.is_in(self._before["first_alias"], value_set=continued["first_alias"])
        self._engine.register("names_of_several", self._before.filter(several))
        former = self._engine.execute(_sql("names_former")).to_arrow_table()["alias"]
        self._engine.unregister("names_of_several")
        events = pa.concat_tables([RENAMED.empty_table(), *self._events])
        return Renames(continued=continued, former=former.combine_chunks(), events=events)

    def _continued(self) -> pa.Table:
        """Aliases that continue a host which was first known under another one."""
        rows = self._before.select(_CONTINUED.names)
        return rows.filter(pc.not_equal(rows["alias"], rows["first_alias"])).combine_chunks()


def _near(
    changed: pa.ChunkedArray, reported: pa.Table, before: pa.Table
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Rows at the addresses of what changed, and all that bear a name which is or was there."""
    addresses_changed = reported["ip"].filter(changed).combine_chunks()
    here = [pc.is_in(rows["ip"], value_set=addresses_changed) for rows in (reported, before)]
    here[0] = pc.or_(here[0], changed)
    names = [rows["dns"].filter(at) for rows, at in zip((reported, before), here, strict=True)]
    borne = pc.drop_null(pa.chunked_array([*names[0].chunks, *names[1].chunks], pa.string()))
    reported_near, before_near = (
        pc.or_(at, pc.is_in(rows["dns"], value_set=borne.combine_chunks()))
        for rows, at in zip((reported, before), here, strict=True)
    )
    # What is reported of an alias that changed is compared with what was known of it.
    ours = reported["alias"].filter(reported_near).combine_chunks()
    return reported_near, pc.or_(before_near, pc.is_in(before["alias"], value_set=ours))


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


def _canonical(written: pa.ChunkedArray) -> pa.ChunkedArray:
    """Addresses in their canonical form; older snapshots hold them as they were written."""
    plain = pc.match_substring_regex(pc.fill_null(written, ""), f"^{addresses.PLAIN_IPV4}$")
    if pc.all(plain).as_py():
        return written
    rest = written.filter(pc.invert(plain)).combine_chunks().dictionary_encode()
    texts = [
        text and (addresses.address(text).value or text) for text in rest.dictionary.to_pylist()
    ]
    found = pa.array(texts, pa.string()).take(rest.indices)
    return pc.replace_with_mask(written.combine_chunks(), pc.invert(plain).combine_chunks(), found)


def _places(complete: Iterable[tuple[int, str | None]]) -> pa.Table:
    homes, ips = zip(*found, strict=True) if (found := list(complete)) else ((), ())
    return pa.table(
        {"repository_id": pa.array(homes, pa.int64()), "ip": pa.array(ips, pa.string())}
    )
