"""A line the size of a word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.report.charts.svg import PALETTE, drawing, element

if TYPE_CHECKING:
    from collections.abc import Sequence

_WIDTH, _HEIGHT, _MARGIN = 120.0, 28.0, 3.0


def line(values: Sequence[float | None], label: str) -> str:
    """How a number went; nothing where it is known at fewer than two times."""
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
    written = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    under = f"{points[0][0]:.1f},{_HEIGHT} {written} {points[-1][0]:.1f},{_HEIGHT}"
    return drawing(
        _WIDTH,
        _HEIGHT,
        element("polygon", class_="under", points=under, fill="#E7EFFB"),
        element("polyline", class_="path", points=written, fill="none", stroke=PALETTE["accent"]),
        role="img",
        aria_label=label,
    )
