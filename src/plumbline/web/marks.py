"""Small pieces of HTML: numbers that lead to their rows, severities, risks, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from plumbline.report.charts.svg import drawing, element, mark

if TYPE_CHECKING:
    from datetime import datetime

_SHAPES = {
    "critical": "M6 0 12 6 6 12 0 6Z",
    "high": "M6 .8 12 11.4H0Z",
    "medium": "M1 1H11V11H1Z",
    "low": "M6 11.2 0 .6H12Z",
    "info": "M6 1A5 5 0 1 1 6 11 5 5 0 1 1 6 1Z",
}
_RAIL = 40.0
_TOP = 10.0


def absent(why: str = "not supplied") -> SafeString:
    """A value that is not there, and what that means."""
    return format_html(
        '<span class="muted" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        why,
        "\N{EN DASH}",
        why,
    )


ABSENT = absent()


def drawn(svg: str) -> SafeString:
    """A drawing of ours; every text in it was escaped when it was made."""
    return mark_safe(svg)  # noqa: S308 - see above


def number(value: float | None, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return "" if value is None else f"{value:,.{digits}f}"


def count(value: int, href: str = "") -> SafeString:
    """A number of rows; it leads to the list of just these."""
    if not href:
        return format_html("{}", number(value))
    return format_html('<a href="{}" data-count="{}">{}</a>', href, value, number(value))


def glyph(word: str) -> SafeString:
    """The shape of a severity, in its colour."""
    shape = _SHAPES.get(word, _SHAPES["info"])
    return format_html(
        '<svg class="glyph glyph-{}" viewBox="0 0 12 12" aria-hidden="true"><path d="{}"/></svg>',
        word,
        shape,
    )


def severity(word: str | None) -> SafeString:
    """A severity: shape, colour and word."""
    if not word:
        return ABSENT
    return format_html('<span class="severity">{}{}</span>', glyph(word), word)


def badge(text: str, kind: str = "") -> SafeString:
    """A word that stands out."""
    return format_html('<span class="badge {}">{}</span>', kind, text)


def risk(value: float | None) -> SafeString:
    """A risk, 0 to 10, beside its length."""
    if value is None:
        return ABSENT
    width = _RAIL * min(value, _TOP) / _TOP
    rail = drawing(
        _RAIL,
        6,
        element("rect", class_="rail", width=_RAIL, height=6, rx=1),
        element("rect", class_="fill", width=width, height=6, rx=1),
        aria_hidden="true",
    )
    return format_html('<span class="risk">{}{}</span>', drawn(rail), f"{value:.1f}")


def swatch(word: str) -> SafeString:
    """A patch of a colour, for legends."""
    return drawn(
        drawing(12, 12, mark(word, width=12, height=12, rx=2), class_="swatch", aria_hidden="true")
    )


def moment(value: datetime | None) -> SafeString:
    """A day, and its time at the pointer."""
    if value is None:
        return ABSENT
    return format_html(
        '<time datetime="{}" title="{} UTC" class="nowrap">{}</time>',
        value.isoformat(),
        value.strftime("%Y-%m-%d %H:%M:%S"),
        value.strftime("%Y-%m-%d"),
    )
