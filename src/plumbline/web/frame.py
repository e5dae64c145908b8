"""Brings up Django with the site's settings and this installation's own."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plumbline.errors import ConfigurationError
from plumbline.web.installation import DEMO, NAME

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.config.settings import Settings

KEY_FILE = "web.key"
_KEY_CHARACTERS = 64
_LOCAL = ("localhost", "127.0.0.1", "[::1]")
_NOWHERE = ("192.0.2.1", 9)  # reserved for examples: nothing is sent to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """How the site is reached."""

    hosts: tuple[str, ...] = ()
    """Names and addresses in use beside this machine's own."""
    tls: bool = True
    demo: bool = False
    """Whether a link alone signs in."""


def prepare(settings: Settings, face: Face | None = None) -> None:
    """Bring up Django for the site and open the ledger with all tables of the site.

    Raises:
        ConfigurationError: Django was brought up for the ledger alone before.
        StorageError: folder or database cannot be used.
    """
    from django.apps import apps  # noqa: PLC0415 - not before it is asked for
    from django.conf import settings as django_settings  # noqa: PLC0415 - the same

    if not django_settings.configured:
        django_settings.configure(**django(settings, face or Face()))
        apps.populate(django_settings.INSTALLED_APPS)
    elif not apps.is_installed("plumbline.web"):
        raise ConfigurationError("The ledger was opened before the site.")
    from plumbline.ledger.opening import open_ledger  # noqa: PLC0415 - after Django is up

    open_ledger(settings)


def django(settings: Settings, face: Face) -> dict[str, Any]:
    """Django's settings of the site for an installation.

    Raises:
        StorageError: the key that signs cookies cannot be kept.
    """
    from plumbline.web import settings as fixed  # noqa: PLC0415 - imports parts of the site

    everywhere = {name: getattr(fixed, name) for name in dir(fixed) if name.isupper()}
    return everywhere | _here(settings, face) | _provider(settings) | _cookies(face)


def names(settings: Settings, face: Face) -> tuple[str, ...]:
    """What the site answers to: this machine's names, the bound address, and what is set."""
    told = (name.strip() for name in settings.web_hosts.split(","))
    own = (*_LOCAL, socket.gethostname(), *face.hosts, *told)
    return tuple(dict.fromkeys(name.lower() for name in own if name))


def key(home: Path) -> str:
    """The key that signs cookies and links; made at first use, for this user alone.

    Raises:
        StorageError: the folder cannot be used.
        ConfigurationError: the file holds no key.
    """
    from plumbline.web.private import write_once  # noqa: PLC0415 - after the settings are read

    file = home / KEY_FILE
    text = write_once(file, lambda: secrets.token_urlsafe(_KEY_CHARACTERS) + "\n").strip()
    if len(text) < _KEY_CHARACTERS // 2:
        raise ConfigurationError(
            f"{file} holds no key.", advice="remove it; a new one ends every session."
        )
    return text


def _here(settings: Settings, face: Face) -> dict[str, Any]:
    return {
        "SECRET_KEY": key(settings.home),
        "ALLOWED_HOSTS": list(names(settings, face)),
        "SESSION_COOKIE_AGE": settings.session_hours * 3600,
        "AXES_FAILURE_LIMIT": settings.sign_in_attempts,
        "AXES_COOLOFF_TIME": _minutes(settings.lock_out_minutes),
        NAME: settings,
        DEMO: face.demo,
    }


def _minutes(count: int) -> Any:
    from datetime import timedelta  # noqa: PLC0415 - read by Django alone

    return timedelta(minutes=count)


def _cookies(face: Face) -> dict[str, Any]:
    """A browser takes a cookie called `__Host-` from this very host alone, and only by TLS."""
    prefix = "__Host-" if face.tls else ""
    return {
        "SESSION_COOKIE_NAME": f"{prefix}plumbline-session",
        "CSRF_COOKIE_NAME": f"{prefix}plumbline-csrf",
        "SESSION_COOKIE_SECURE": face.tls,
        "CSRF_COOKIE_SECURE": face.tls,
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "SECURE_HSTS_SECONDS": 31_536_000 if face.tls else 0,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not face.tls,
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if face.tls else "http",
    }


def _provider(settings: Settings) -> dict[str, Any]:
    """The OpenID Connect provider, where one is set; else nothing outside is ever asked."""
    if not (settings.oidc_url and settings.oidc_client_id):
        return {"SOCIALACCOUNT_PROVIDERS": {}}
    _refuse_plain(settings.oidc_url)
    app = {
        "provider_id": "oidc",
        "name": settings.oidc_name,
        "client_id": settings.oidc_client_id,
        "secret": settings.oidc_client_secret,
        "settings": {"server_url": settings.oidc_url, "oauth_pkce_enabled": True},
    }
    return {"SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app]}}}


def _refuse_plain(url: str) -> None:
    """What the provider says is believed because TLS proves it: anywhere but on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise ConfigurationError(
            f"oidc_url is not encrypted: {url}", advice="an address that begins with https://."
        )


def address() -> str:
    """This machine's address towards others; empty without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return ""
