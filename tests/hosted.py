"""The web interface over a home, in this process, for as long as a test needs it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.test import override_settings
from django.test.utils import setup_test_environment, teardown_test_environment

from plumbline.ledger import opening

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.config.settings import Settings

HOST = "localhost"
_LIBRARIES = ("AXES_",)
_DEFAULTS: dict[str, Any] = {}
"""What libraries add to the settings when they are imported, which is once a process."""


@contextmanager
def hosted(settings: Settings) -> Iterator[None]:
    """Serve a home's site to Django's test client; the ledger alone is what is left afterwards."""
    from plumbline.web import frame  # noqa: PLC0415

    # Django asks for one when the site's is taken away again.
    django_settings.SECRET_KEY = "of the ledger alone"
    values = frame.django(settings, frame.Face(hosts=(HOST,)))
    # A good hasher takes its time, which tests need not.
    values["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    apps = values.pop("INSTALLED_APPS")
    # Where the site is taken away again, its libraries ask for what they had added.
    for name, value in _DEFAULTS.items():
        setattr(django_settings, name, value)
    # The apps look at the other settings when they are brought up.
    with override_settings(**values), override_settings(INSTALLED_APPS=apps):
        frame.prepare(settings)
        # Answers then tell what their templates were given.
        setup_test_environment()
        for name in dir(django_settings):
            if name.startswith(_LIBRARIES):
                _DEFAULTS[name] = getattr(django_settings, name)
        try:
            yield
        finally:
            from plumbline.web import estates  # noqa: PLC0415

            estates.forget()
            teardown_test_environment()
            opening.close()
