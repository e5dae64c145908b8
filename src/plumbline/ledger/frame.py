"""Brings up Django without a site around it."""

from __future__ import annotations

import os

from django.apps import apps
from django.conf import settings as django_settings


def prepare() -> None:
    """Configure Django for the ledger alone, unless a site of ours brings its own settings."""
    if os.environ.get("DJANGO_SETTINGS_MODULE", "").startswith("plumbline."):
        return
    if django_settings.configured:
        return
    from plumbline.ledger import settings  # noqa: PLC0415 - this package is being imported

    django_settings.configure(
        INSTALLED_APPS=settings.INSTALLED_APPS,
        USE_TZ=settings.USE_TZ,
        TIME_ZONE=settings.TIME_ZONE,
        DEFAULT_AUTO_FIELD=settings.DEFAULT_AUTO_FIELD,
        LOGGING_CONFIG=None,
    )
    # What `django.setup` does but for the web's part, which takes a while to import.
    apps.populate(django_settings.INSTALLED_APPS)
