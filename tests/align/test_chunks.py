"""The next findings are written in chunks: every one in exactly one chunk, the severe first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plumbline.align.lifecycle import Chunk, cut

PLUGINS = st.integers(-60, 60) | st.integers(-(2**63), 2**63 - 1)
SIZES = st.dictionaries(
    st.tuples(st.integers(-9, 9), PLUGINS), st.integers(1, 40), max_size=60
).map(lambda d: sorted(((s, p, n) for (s, p), n in d.items()), key=lambda r: (-r[0], r[1])))


def holds(chunk: Chunk, severity: int, plugin: int) -> bool:
    severe = chunk.least <= severity <= chunk.worst
    return severe and chunk.first_plugin <= plugin <= chunk.last_plugin


@given(SIZES, st.integers(1, 200))
def test_every_finding_is_in_exactly_one_chunk(
    sizes: list[tuple[int, int, int]], most: int
) -> None:
    chunks = list(cut(sizes, most))
    for severity, plugin, _ in sizes:
        assert sum(holds(chunk, severity, plugin) for chunk in chunks) == 1


@given(SIZES, st.integers(1, 200))
def test_a_chunk_is_no_larger_than_allowed_or_a_single_plugin(
    sizes: list[tuple[int, int, int]], most: int
) -> None:
    for chunk in cut(sizes, most):
        inside = [n for severity, plugin, n in sizes if holds(chunk, severity, plugin)]
        assert sum(inside) <= most or len(inside) == 1


@given(SIZES, st.integers(1, 200))
def test_chunks_come_in_the_order_of_severity_and_plugin(
    sizes: list[tuple[int, int, int]], most: int
) -> None:
    starts = [(-chunk.worst, chunk.first_plugin) for chunk in cut(sizes, most)]
    assert starts == sorted(starts)
