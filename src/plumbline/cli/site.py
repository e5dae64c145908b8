"""What `doctor` sees of the web interface: its certificate, and the settings that belong together.

Nothing is made by looking, and nothing outside is asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from plumbline.cli.sign import ill, poor, well
from plumbline.errors import PlumblineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.cli.sign import Sign
    from plumbline.config.settings import Settings

_CERTIFICATE, _SITE, _PROVIDER = "site certificate", "site settings", "OpenID Connect"
_SOON = timedelta(days=30)


def signs(settings: Settings) -> Iterator[Sign]:
    """Each part of the site."""
    yield _certificate(settings)
    yield _names(settings)
    if settings.oidc_url or settings.oidc_client_id or settings.oidc_client_secret:
        yield _provider(settings)


def _certificate(settings: Settings) -> Sign:
    from plumbline.web import certificate as kept  # noqa: PLC0415 - cryptography, only when called

    pair = kept.Pair(settings.home / kept.CERTIFICATE, settings.home / kept.KEY)
    there = [file.name for file in (pair.certificate, pair.key) if file.exists()]
    if not there:
        return well(_CERTIFICATE, "will be made at the first `plumbline serve`")
    if len(there) == 1:
        return ill(_CERTIFICATE, f"{there[0]} stands alone", "put certificate and key side by side")
    try:
        pair.context()
        ends = pair.ends()
    except PlumblineError as error:
        return ill(_CERTIFICATE, error.what, error.advice or "put another pair in their place.")
    if pair.key.stat().st_mode & 0o077:
        return poor(_CERTIFICATE, f"{pair.key} can be read by others", f"chmod 600 {pair.key}")
    return _lasting(ends, is_own=pair.signed_itself())


def _lasting(ends: datetime, *, is_own: bool) -> Sign:
    now = datetime.now(UTC)
    told = f"good until {ends:%Y-%m-%d}{', its own' if is_own else ''}"
    if is_own or ends > now + _SOON:
        # One that signed itself is renewed by `plumbline serve` when it is nearly over.
        return well(_CERTIFICATE, told)
    remedy = "put a newer certificate and its key in their place, and start `plumbline serve` again"
    if ends <= now:
        return ill(_CERTIFICATE, f"ended on {ends:%Y-%m-%d}", remedy)
    return poor(_CERTIFICATE, f"ends on {ends:%Y-%m-%d}", remedy)


def _names(settings: Settings) -> Sign:
    """Names have to be names: an address with a path would never match."""
    told = [name.strip() for name in settings.web_hosts.split(",") if name.strip()]
    if wrong := [name for name in told if "/" in name or ("*" in name and name != "*")]:
        return ill(
            _SITE,
            f"web_hosts has {wrong[0]!r}, which is no name of a machine",
            "names alone, as in plumbline.example: no https:// and no path.",
        )
    if "*" in told:
        return poor(_SITE, "web_hosts lets in requests for any name", "name the machine.")
    return well(_SITE, f"reached as {', '.join(told)}" if told else "reached by its own names")


def _provider(settings: Settings) -> Sign:
    given = {
        "oidc_url": settings.oidc_url,
        "oidc_client_id": settings.oidc_client_id,
        "oidc_client_secret": settings.oidc_client_secret,
    }
    if missing := [name for name, value in given.items() if not value]:
        what = f"{', '.join(missing)} is missing, so nobody is offered it"
        if missing == ["oidc_client_secret"]:
            what = "oidc_client_secret is missing: the provider has to take this site without one"
            return poor(_PROVIDER, what, "set PLUMBLINE_OIDC_CLIENT_SECRET.")
        return ill(_PROVIDER, what, "set all three, or none.")
    if urlsplit(settings.oidc_url).scheme != "https":
        return poor(_PROVIDER, "oidc_url is not encrypted", "an https:// address.")
    return well(_PROVIDER, settings.oidc_url)
