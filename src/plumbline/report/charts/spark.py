"""A line the size of a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.report.charts.svg import PALETTE, drawing, element

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    Point = tuple[float, float]

_WIDTH, _HEIGHT, _MARGIN, _DASH = 120.0, 28.0, 3.0, 1.5


def line(values: Sequence[float | None], label: str, end: str = "") -> str:
    """How a number went; nothing where it is known at fewer than two times.

    `end` says what the last number is; a dot stands there.
    """
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - a line has two ends
        return ""
    lowest, highest = min(v for _, v in known), max(v for _, v in known)
    span, step = (highest - lowest) or 1.0, _WIDTH / (len(values) - 1)
    inner = _HEIGHT - 2 * _MARGIN
    flat = inner / 2 if highest == lowest else 0.0
    points = [
        (step * place, _HEIGHT - _MARGIN - flat - inner * (value - lowest) / span)
        for place, value in known
    ]
    parts = _parts([place for place, _ in known], points)
    return drawing(
        _WIDTH,
        _HEIGHT,
        *(_under(part) for part in parts),
        *(_path(part) for part in parts),
        _dot(points[-1], end) if end and values[-1] is not None else None,
        role="img",
        aria_label=label,
    )


def _parts(places: Sequence[int], points: Sequence[Point]) -> list[list[Point]]:
    """The line in pieces: where a number is missing, nothing is drawn."""
    parts: list[list[Point]] = []
    before = None
    for place, point in zip(places, points, strict=True):
        if before is None or place != before + 1:
            parts.append([])
        parts[-1].append(point)
        before = place
    return parts


def _under(part: Sequence[Point]) -> Element:
    shape = f"{part[0][0]:.1f},{_HEIGHT} {_written(part)} {part[-1][0]:.1f},{_HEIGHT}"
    return element("polygon", class_="under", points=shape, fill="#E7EFFB")


def _path(part: Sequence[Point]) -> Element:
    """A piece of the line; one that is a single point becomes a dash."""
    x, y = part[-1]
    shown = part if len(part) > 1 else [(x - _DASH, y), (x + _DASH, y)]
    stroke = PALETTE["accent"]
    return element("polyline", class_="path", points=_written(shown), fill="none", stroke=stroke)


def _written(part: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in part)


def _dot(at: Point, told: str) -> Element:
    """Where the line ends; a stroke without length stays round however the drawing is stretched."""
    shape = f"M{at[0]:.1f} {at[1]:.1f}h0"
    made = element("path", class_="dot", d=shape, stroke=PALETTE["accent"], fill="none")
    made.append(element("title", text=told))
    return made
