"""The small pieces of HTML, for templates: `{% load marks %}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html_join
from django.utils.timesince import timesince

from plumbline.web import marks

if TYPE_CHECKING:
    from datetime import datetime

    from django.utils.safestring import SafeString

register = template.Library()

register.simple_tag(marks.count, name="count")
register.filter("glyph", marks.glyph)
register.filter("severity", marks.severity)
register.filter("risk", marks.risk)
register.filter("swatch", marks.swatch)
register.filter("moment", marks.moment)
register.filter("drawn", marks.drawn)


@register.filter
def thousands(value: Any) -> str:
    """A whole number, its thousands apart; nothing where none was told."""
    return marks.number(value) if isinstance(value, int | float) else ""


@register.filter
def percent(value: float | None) -> str:
    """A share as a percentage."""
    return "" if value is None else f"{value:.0%}".replace("%", "\N{NARROW NO-BREAK SPACE}%")


@register.filter
def ago(value: datetime | None) -> str:
    """How long ago, in one unit."""
    return "" if value is None else f"{timesince(value, depth=1)} ago"


@register.filter
def megabytes(value: int | None) -> str:
    """Bytes in megabytes."""
    return "" if value is None else f"{value / 1e6:,.1f} MB"


@register.filter
def at(row: Any, name: str) -> Any:
    """What a row holds under a name."""
    return row.get(name)


@register.filter
def coded(text: str) -> SafeString:
    """A text whose parts between backticks are code."""
    parts = ((one, "code" if place % 2 else "span") for place, one in enumerate(text.split("`")))
    return format_html_join("", "<{1}>{0}</{1}>", parts)


@register.simple_tag
def badge(text: str, kind: str = "") -> SafeString:
    """A word that stands out."""
    return marks.badge(text, kind)
