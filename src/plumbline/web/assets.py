"""Addresses of static files that change when the file does, so that browsers may keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage

_SHOWN = 12


class Dated(StaticFilesStorage):
    """Adds what a file holds, in short, to its address."""

    def url(self, name: str | None) -> str:
        """The address of a file."""
        plain = super().url(name)
        mark = _mark(name or "")
        return f"{plain}?v={mark}" if mark else plain


@cache
def _mark(name: str) -> str:
    found = finders.find(name)
    return hashlib.sha256(Path(found).read_bytes()).hexdigest()[:_SHOWN] if found else ""
