"""What this installation is told, for whoever serves a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

NAME = "PLUMBLINE"
"""Where Django's settings hold ours."""
DEMO = "PLUMBLINE_DEMO"
"""Where they say that this is a demo."""


def own() -> Settings:
    """Our settings."""
    found: Settings = getattr(settings, NAME)
    return found


def is_demo() -> bool:
    """Whether the site shows an invented estate, to whoever holds its link."""
    return bool(getattr(settings, DEMO, False))
