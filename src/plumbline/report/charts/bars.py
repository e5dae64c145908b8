"""Bars: parts of a whole, parts over time, and what came against what went."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from plumbline.report.charts.svg import drawing, element, linked, mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

WIDTH, HEIGHT = 1000.0, 200.0
_GAP = 1.0
_FILLED = 0.82
_TICKS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a whole."""

    word: str
    """What it is; also names its colour."""
    number: int
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What is shown of one time. Without parts nothing is known of it, which is not 0."""

    label: str
    parts: Mapping[str, int] | None
    href: str = ""
    down: Mapping[str, int] = field(default_factory=dict)
    leads: Mapping[str, str] = field(default_factory=dict)
    """Where parts lead to whose number is the total of a list."""

    @property
    def told(self) -> str:
        """The column in words."""
        if self.parts is None:
            return f"{self.label}: not known"
        numbers = ", ".join(f"{n:,} {word}" for word, n in {**self.parts, **self.down}.items())
        return f"{self.label}: {numbers}"


def mix(parts: Sequence[Part], label: str) -> str:
    """Parts of a whole in one bar; empty where there is nothing."""
    whole = sum(part.number for part in parts)
    if not whole:
        return ""
    marks, at = [], 0.0
    for part in parts:
        width = WIDTH * part.number / whole
        if part.number:
            told = f"{part.number:,} {part.word}"
            rect = mark(part.word, x=at, y=0, width=max(width - 3, 2.0), height=10)
            marks.append(linked(part.href, told, rect, count=part.number))
        at += width
    role = "group" if any(part.href for part in parts) else "img"
    return drawing(WIDTH, 10, *marks, class_="mix", role=role, aria_label=label)


def gauge(value: float | None, whole: float, label: str) -> str:
    """How much of a whole something is; nothing where it is not known."""
    if value is None:
        return ""
    length = WIDTH * min(max(value / whole, 0.0), 1.0)
    rail = element("rect", class_="rail", width=WIDTH, height=10, fill="#EEF1F5")
    return drawing(
        WIDTH,
        10,
        rail,
        mark("accent", width=length, height=10),
        class_="gauge",
        role="img",
        aria_label=f"{label}: {value / whole:.0%}",
    )


def scale(most: float, steps: int = 4) -> tuple[float, ...]:
    """Round numbers from 0 to at least the most."""
    if most <= 0:
        return (0.0, 1.0)
    raw = most / steps
    power = 10.0 ** (len(str(int(raw))) - 1) if raw >= 1 else 1.0
    step = next(power * tick for tick in _TICKS if power * tick >= raw)
    count = int(-(-most // step))
    return tuple(step * n for n in range(count + 1))


def stacked(columns: Sequence[Column], words: Sequence[str], label: str) -> tuple[str, list[str]]:
    """Parts over time, the first word at the bottom; the drawing and the numbers of its axis."""
    ticks = scale(max((sum((c.parts or {}).values()) for c in columns), default=0))
    top = ticks[-1]
    marks = [_rule(HEIGHT * (1 - tick / top)) for tick in ticks]
    for place, column in enumerate(columns):
        marks.append(linked(column.href, column.told, *_stack(place, columns, words, top)))
    svg = drawing(WIDTH, HEIGHT, *marks, role="group", aria_label=label)
    return svg, [f"{tick:,.0f}" for tick in reversed(ticks)]


def _stack(
    place: int, columns: Sequence[Column], words: Sequence[str], top: float
) -> Iterator[Element]:
    at, step = HEIGHT, WIDTH / len(columns)
    if columns[place].parts is None:
        yield _gap(step, place)
    yield _hit(step, place)
    parts = columns[place].parts or {}
    for word in words:
        height = HEIGHT * parts.get(word, 0) / top
        if height:
            drawn = max(height - _GAP, 0.5)
            x = step * (place + (1 - _FILLED) / 2)
            rect = mark(word, x=x, y=at - drawn, width=step * _FILLED, height=drawn)
            yield _leading(columns[place], word, rect)
        at -= height


def _leading(column: Column, word: str, rect: Element) -> Element:
    """A part, in a link where it leads somewhere."""
    if not (href := column.leads.get(word)):
        return rect
    number = (column.parts or {})[word]
    return linked(href, f"{number:,} {word}, {column.label}", rect, count=number)


def flow(columns: Sequence[Column], label: str) -> tuple[str, list[str]]:
    """What came above the line, what went below it, and the balance as a line."""
    most = max((max(_ups(c), _downs(c)) for c in columns), default=0)
    ticks = scale(most, 2)
    top, middle = ticks[-1], HEIGHT / 2
    per = middle / top
    marks: list[Element] = [_rule(middle - per * t) for t in (*ticks, *(-t for t in ticks))]
    step = WIDTH / max(len(columns), 1)
    for place, column in enumerate(columns):
        up, down = per * _ups(column), per * _downs(column)
        box = {"x": step * (place + (1 - _FILLED) / 2), "width": step * _FILLED}
        rects = [mark("new", y=middle - up, height=up, **box)] if up else []
        rects += [mark("fixed", y=middle, height=down, **box)] if down else []
        rects += [_gap(step, place)] if column.parts is None else []
        marks.append(linked(column.href, column.told, *rects, _hit(step, place)))
    marks += _net(columns, step, middle, per)
    svg = drawing(WIDTH, HEIGHT, *marks, role="group", aria_label=label)
    numbers = [*(f"+{t:,.0f}" for t in reversed(ticks[1:])), "0"]
    return svg, [*numbers, *(f"\N{MINUS SIGN}{t:,.0f}" for t in ticks[1:])]


def _net(columns: Sequence[Column], step: float, middle: float, per: float) -> Iterator[Element]:
    """The balance, in pieces: it says nothing of a week that is not known."""
    for known, piece in groupby(enumerate(columns), lambda one: one[1].parts is not None):
        points = [
            f"{step * (place + 0.5):.1f},{middle - per * (_ups(column) - _downs(column)):.1f}"
            for place, column in piece
        ]
        if known:
            written = " ".join(points)
            yield element("polyline", class_="net", points=written, fill="none", stroke="#172033")


def _ups(column: Column) -> int:
    return sum((column.parts or {}).values())


def _downs(column: Column) -> int:
    return sum(column.down.values())


def _rule(y: float) -> Element:
    return element("line", class_="rule", x1=0, x2=WIDTH, y1=y, y2=y, stroke="#DDE2EA")


def _gap(step: float, place: int) -> Element:
    """What is not known is a shade over the whole height, and no bar of no height."""
    x, width = step * (place + (1 - _FILLED) / 2), step * _FILLED
    return element("rect", class_="gap", x=x, y=0, width=width, height=HEIGHT, fill="#EEF1F5")


def _hit(step: float, place: int) -> Element:
    """The whole height of a column takes the pointer, not the bar alone."""
    return element(
        "rect", class_="hit", x=step * place, y=0, width=step, height=HEIGHT, fill="none"
    )
