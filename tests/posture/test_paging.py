"""Pages that begin where the one before ended hold every row once, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plumbline.errors import UsageError
from plumbline.posture import explore
from plumbline.posture.paging import AT
from plumbline.posture.relations import RELATIONS
from rounds import rounds

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate


def plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith(AT)}


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    values = (value for name, value in row.items() if name.startswith(AT))
    return tuple(v.isoformat() if hasattr(v, "isoformat") else v for v in values)


@settings(max_examples=rounds(3, soak=6), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pages_joined_are_all_rows(estate: Estate, data: st.DataObject) -> None:
    relation = RELATIONS[data.draw(st.sampled_from(sorted(RELATIONS)))]
    # What is joined from elsewhere takes its time, and sorts like the rest.
    names = [f.name for f in relation.fields if not f.lengthy and f.kind != "texts"]
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    order = tuple(data.draw(st.sampled_from(["", "-"])) + name for name in chosen)
    size = data.draw(st.integers(5, 60) if relation.name != "findings" else st.integers(90, 400))
    asked = explore.Request(columns=tuple(names), order=order)
    whole = explore.page(relation, estate, asked).to_pyarrow().to_pylist()
    found: list[dict[str, Any]] = []
    after = None
    while True:
        one = explore.Request(
            columns=tuple(names), order=order, limit=size, keyed=True, after=after
        )
        rows = explore.page(relation, estate, one).to_pyarrow().to_pylist()
        found += map(plain, rows)
        if len(rows) < size:
            break
        after = place(rows[-1])
    assert found == whole


@pytest.mark.parametrize("after", [(), ("x",), (1, 2, 3), (None,) * 30])
def test_a_place_that_does_not_fit_is_refused(estate: Estate, after: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match="no place to go on"):
        explore.page(RELATIONS["hosts"], estate, explore.Request(limit=3, after=after))
