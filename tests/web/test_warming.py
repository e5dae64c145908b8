"""What most pages show is worked out before anybody asks for it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from plumbline.ledger import snapshots
from plumbline.web import estates
from plumbline.web.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from town import Town

    from plumbline.web.estates import Seen

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


def test_it_ends_behind_the_question_it_is_at_and_is_waited_for(town: Town) -> None:
    """With a thread in the engine, Python's own end would abort the process."""
    del town
    from plumbline.web import warming  # noqa: PLC0415

    begun, ended, asked = threading.Event(), threading.Event(), []

    def ask() -> None:
        begun.set()
        assert ended.wait(30)
        asked.append("a question")

    def work(_: Seen) -> Iterator[Callable[[], object]]:
        yield from (ask, ask)

    with warming.Warming(work):
        assert begun.wait(30)
        threading.Timer(0.3, ended.set).start()
    assert asked == ["a question"]


def test_what_foreign_code_gets_wrong_is_told_once_and_the_rest_goes_on(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    del town
    from plumbline.web import warming  # noqa: PLC0415

    def work(_: Seen) -> Iterator[Callable[[], object]]:
        yield lambda: "nothing".index("all")

    found = warming.Warming(work)
    warm = found._look(None)
    assert warm is not None
    assert found._look(warm) == warm
    assert caplog.text.count("are not worked out ahead") == 1
    assert "ValueError: substring not found" in caplog.text
