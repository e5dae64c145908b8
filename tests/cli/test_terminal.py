"""The posture on one screen: every width, with and without colour, full and empty."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from plumbline.cli import drawing, terminal
from plumbline.cli.drawing import Freshness
from plumbline.report.interface import Screen

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


def drawn(estate: Estate, *, width: int = 100, colour: bool = False, agreeing: int = 20) -> str:
    fresh = [
        Freshness(console=c, as_of=at, run=12, state="complete", checks=20, agreeing=agreeing)
        for c, at in estate.as_of.items()
    ]
    out = StringIO()
    found = terminal.posture(estate)
    terminal.show(found, fresh, Screen(width=width, colour=colour), out, NOW)
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_it_fits_the_terminal(width: int, estate: Estate) -> None:
    lines = drawn(estate, width=width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width


def test_severities_have_glyph_and_word(estate: Estate) -> None:
    told = drawn(estate)
    for mark in ("◆ critical", "▲ high", "■ medium", "▼ low", "● info"):
        assert mark in told


def test_it_says_how_fresh_and_how_sure_the_numbers_are(estate: Estate) -> None:
    told = drawn(estate)
    assert "as of 2026-11-20 06:00 UTC, 2 hours ago" in told
    assert "✔ 20 of 20 totals agree" in told
    assert "✘ 19 of 20 totals agree" in drawn(estate, agreeing=19)


def test_there_is_no_escape_without_colour_and_none_of_the_consoles_ever(estate: Estate) -> None:
    assert "\x1b" not in drawn(estate)
    assert "\x1b[" in drawn(estate, colour=True)
    assert "\x1b[31mred" not in drawn(estate, colour=True)


def test_nothing_found_is_told_honestly(nothing: Estate) -> None:
    told = drawn(nothing)
    assert "0 open on 0 of 0 hosts" in told
    assert "◆ critical" in told
    assert "Hosts to look at first" not in told


def test_a_bar_is_never_empty_for_something_and_never_too_long() -> None:
    assert drawing.bar(0, 10) == ""
    assert drawing.bar(0.0001, 10) == "▏"
    assert drawing.bar(1, 10) == "█" * 10
    assert drawing.bar(3, 10) == "█" * 10
    assert drawing.bar(0.55, 10) == "█████▌"
