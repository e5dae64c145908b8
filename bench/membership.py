"""Membership of asset lists: every host against every range of every list.

Run it with ``python bench/membership.py [hosts] [ranges] [lists]``. It prints the median of five
runs and the peak of memory; the bar is 2 s for 1,000,000 hosts, 50,000 ranges and 500 lists.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from plumbline.align.memberships import membership_batches
from plumbline.tables import ALIASES, ASSET_LISTS, RANGES, Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RUNS = 5
IPV6_SHARE = 5
"""One host in so many has an IPv6 address, and one range in so many is of such addresses."""
SECOND_SHARE = 10
"""One host in so many has a second address."""
SPACE = 1 << 24
"""Hosts are spread over so many addresses of each kind."""
_IPV6_BASE = 0x20010DB8 << 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """What is matched."""

    aliases: pa.Table
    lists: pa.Table
    ranges: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a benchmark found."""

    seconds: float
    memberships: int


def estate(hosts: int, ranges: int, lists: int, seed: int = 1) -> Estate:
    """Hosts spread evenly; lists of equal numbers of ranges, most small, some large."""
    random = np.random.default_rng(seed)
    offsets = random.choice(SPACE, hosts, replace=False)
    addresses = [_address(place, offset) for place, offset in enumerate(offsets.tolist())]
    keys = [f"{place:032x}" for place in range(hosts)]
    aliases = _table(
        ALIASES,
        {
            "console": ["hq"] * hosts,
            "alias": keys,
            "host": keys,
            "rule": ["single"] * hosts,
            "repository_id": [1] * hosts,
            "ip": addresses,
            "ips": [_all(place, addresses) for place in range(hosts)],
        },
    )
    return Estate(aliases=aliases, lists=_lists(lists), ranges=_ranges(random, ranges, lists))


def measure(estate: Estate, runs: int = RUNS) -> Result:
    """Median seconds of some runs over the same estate."""
    seconds, counts = [], set()
    for _ in range(runs):
        start = perf_counter()
        batches = membership_batches(estate.aliases, estate.lists, estate.ranges)
        counts.add(sum(batch.num_rows for batch in batches))
        seconds.append(perf_counter() - start)
    (count,) = counts
    return Result(seconds=median(seconds), memberships=count)


def _address(place: int, offset: int) -> str:
    if place % IPV6_SHARE == 0:
        return f"2001:db8::{offset >> 16:x}:{offset & 0xFFFF:x}"
    return f"10.{offset >> 16}.{offset >> 8 & 255}.{offset & 255}"


def _all(place: int, addresses: list[str]) -> list[str]:
    if place % SECOND_SHARE:
        return [addresses[place]]
    return [addresses[place], _address(place, place * 7919 % SPACE)]


def _lists(lists: int) -> pa.Table:
    numbers = list(range(lists))
    decided = ["definition"] * lists
    return _table(
        ASSET_LISTS, {"console": ["hq"] * lists, "list_id": numbers, "decided_by": decided}
    )


def _ranges(random: np.random.Generator, count: int, lists: int) -> pa.Table:
    sizes = np.minimum(random.pareto(0.7, count) * 200, SPACE // 64).astype(int)
    starts = random.integers(0, SPACE - sizes)
    six = np.arange(count) % IPV6_SHARE == 0
    bases = [_IPV6_BASE if is_six else 10 << 24 for is_six in six.tolist()]
    first = [base + start for base, start in zip(bases, starts.tolist(), strict=True)]
    last = [low + size for low, size in zip(first, sizes.tolist(), strict=True)]
    columns: dict[str, list[object]] = {
        "console": ["hq"] * count,
        "list_id": random.integers(0, lists, count).tolist(),
        "origin": ["definition"] * count,
        "kind": ["ipv6" if is_six else "ipv4" for is_six in six.tolist()],
        "text": [f"{low:x}-{high:x}" for low, high in zip(first, last, strict=True)],
        "first": [f"{low:032x}" for low in first],
        "last": [f"{high:032x}" for high in last],
    }
    return _table(RANGES, columns)


def _table(table: Table, columns: Mapping[str, Sequence[object]]) -> pa.Table:
    count = len(columns["console"])
    arrays = [
        pa.array(columns[c.name], c.kind.arrow)
        if c.name in columns
        else pa.nulls(count, c.kind.arrow)
        for c in table.columns
    ]
    return pa.table(arrays, schema=table.schema)


def main() -> None:
    """Print the figures."""
    sizes = [int(text) for text in sys.argv[1:]] or [1_000_000, 50_000, 500]
    hosts, ranges, lists = sizes
    subject = estate(hosts, ranges, lists)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = measure(subject)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{hosts:,} hosts, {ranges:,} ranges, {lists:,} lists, IPv4 and IPv6")
    print(f"{result.memberships:,} memberships, median of {RUNS}: {result.seconds:.2f} s")
    print(f"peak {peak / 1024:.0f} MB, of which {before / 1024:.0f} MB held the estate")


if __name__ == "__main__":
    main()
