"""Elements of SVG. Neither `style` nor script is ever written: a strict policy lets them pass."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, tostring

PALETTE = {
    "critical": "#7A1145",
    "high": "#C43626",
    "medium": "#C48128",
    "low": "#2C77BE",
    "info": "#878F9B",
    "new": "#C43626",
    "fixed": "#2C77BE",
    "accent": "#1D55A5",
    "quiet": "#B9C2CF",
}
"""Colours on paper; a page's own style wins over them."""

_CAMEL = {"view_box": "viewBox", "preserve_aspect_ratio": "preserveAspectRatio"}


def element(name: str, *children: Element | None, text: str = "", **attributes: Any) -> Element:
    """An element; `class_` and `aria_label` are written as SVG has them."""
    made = Element(name)
    for key, value in attributes.items():
        if value is not None:
            plain = _CAMEL.get(key) or key.rstrip("_").replace("_", "-")
            made.set(plain, _written(value))
    made.text = text or None
    made.extend([child for child in children if child is not None])
    return made


def mark(word: str, **attributes: Any) -> Element:
    """A rectangle in the colour of a word."""
    return element("rect", class_=f"f-{word}", fill=PALETTE.get(word), **attributes)


def linked(href: str, label: str, *children: Element, count: int | None = None) -> Element:
    """Marks that lead somewhere; what they say is their label and their tooltip."""
    title = element("title", text=label)
    if not href:
        return element("g", title, *children)
    return element("a", title, *children, href=href, aria_label=label, data_count=count)


def drawing(width: float, height: float, *children: Element | None, **attributes: Any) -> str:
    """A whole drawing that stretches to the room it is given."""
    made = element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        view_box=f"0 0 {_written(width)} {_written(height)}",
        preserve_aspect_ratio="none",
        **attributes,
    )
    return tostring(made, encoding="unicode")


def _written(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
