"""What most pages show is worked out before anybody asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.ledger import snapshots
from plumbline.web import estates
from plumbline.web.visitor import Visitor

if TYPE_CHECKING:
    from town import Town

SOMEBODY = Visitor(name="viewer", rights=frozenset())


def test_who_comes_afterwards_finds_it_worked_out(town: Town) -> None:
    del town
    # Not before the site is there.
    from plumbline.web import warming  # noqa: PLC0415
    from plumbline.web.explorer import asking, kinds  # noqa: PLC0415

    estates.forget()
    shown = snapshots.latest_all()
    for step in warming.steps(estates.seen_by(warming._EVERYBODY, shown)):
        step()
    seen = estates.seen_by(SOMEBODY, shown)

    def unexpected(_: object) -> object:
        raise AssertionError("it was not worked out")

    assert seen.kept("overview", unexpected)
    for kind in kinds.KINDS.values():
        query, _ = asking.read(kind, kind.begins)
        assert seen._answers.get(("total", kind.relation.name, query), lambda: -1) >= 0
