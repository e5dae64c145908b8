"""The end of a demo: the web interface over its data, warm, and a browser signed in to it."""

from __future__ import annotations

import os
import platform
import secrets
import sys
import urllib.request
import webbrowser
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from plumbline.cli import output
from plumbline.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from plumbline.config.settings import Settings
    from plumbline.web.server import Server

_HOST = "127.0.0.1"
_NAME = "demo"
_PASSWORD_BYTES = 12
_LASTS = timedelta(hours=1)
_PATIENCE = 60.0
_WARMED = ("/", "/findings", "/hosts")


def prepare() -> Settings:
    """Bring up Django for the site; nothing may have opened the ledger before.

    Raises:
        ConfigurationError: something has.
        StorageError: folder or database cannot be used.
    """
    from plumbline.cli import session  # noqa: PLC0415 - only when called
    from plumbline.web import frame  # noqa: PLC0415 - Django, likewise

    settings = session.settings()
    # Without TLS: no browser would believe in a certificate that was made a minute ago.
    frame.prepare(settings, frame.Face(tls=False, demo=True))
    return settings


@contextmanager
def site(settings: Settings) -> Iterator[Server]:
    """The site on loopback, with somebody who may sign in and pages that were opened once.

    Raises:
        FatalError: it does not answer.
    """
    from plumbline.web.server import Place, Server  # noqa: PLC0415 - after the frame

    with Server(settings, Place(host=_HOST, port=0, pair=None)) as server:
        password = _person()
        _warm(server)
        _tell(f"Plumbline is served at {server.url(_HOST)} ; Ctrl-C ends it.")
        _tell(f"Sign in as {_NAME} with the password {password}")
        yield server


def _leading_to(link: str, home: Path) -> Path:
    """A page of this user's own that leads to the link: arguments of programs are seen by all."""
    page = home / "demo.html"
    page.touch(mode=0o600)
    page.write_text(f'<meta http-equiv="refresh" content="0;url={escape(link)}">', encoding="utf-8")
    return page


def show(settings: Settings, server: Server, *, browser: bool) -> None:
    """Hand out a link that signs in, in a browser if there is one; wait until Ctrl-C."""
    from threading import Event  # noqa: PLC0415 - only when called

    from plumbline.web.companion import Companion  # noqa: PLC0415 - after the frame
    from plumbline.web.warming import Warming  # noqa: PLC0415 - likewise

    link = _link(server)
    if browser and _has_screen() and webbrowser.open(_leading_to(link, settings.home).as_uri()):
        _tell("A browser opens it, signed in.")
    else:
        _tell("or open this link, which signs in once, within an hour:")
        output.put(link)
        sys.stdout.flush()
    with Companion(settings), Warming():
        try:
            Event().wait()
        except KeyboardInterrupt:
            output.say("\nThe demo ends.")


def _person() -> str:
    """Add who is signed in; their password is told."""
    from plumbline.domain.person import Role  # noqa: PLC0415 - likewise
    from plumbline.ledger.people import register  # noqa: PLC0415 - after the frame

    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    register.add(_NAME, Role.ADMIN, by="demo")
    register.set_password(_NAME, password)
    return password


def _link(server: Server) -> str:
    from plumbline.ledger.people import links  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    secret = links.make(LinkKind.ENTRY, lasts=_LASTS, person=_NAME, by="demo")
    return f"{server.url(_HOST)}/enter/{secret}"


def _warm(server: Server) -> None:
    """Open the pages that are opened first: the first answer after a publication takes seconds."""
    here = server.url(_HOST)
    # No proxy of the environment stands between this process and itself.
    visit = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor()
    )
    try:
        for address in (_link(server), *(f"{here}{page}" for page in _WARMED)):
            with visit.open(address, timeout=_PATIENCE) as answer:
                answer.read()
    except OSError as error:
        raise FatalError(
            f"The web interface does not answer: {error}.", advice="`plumbline doctor`"
        ) from error


def _has_screen() -> bool:
    """Whether a browser would have a window; one in the terminal would take it away from us."""
    told = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return told or platform.system() != "Linux"


def _tell(text: str) -> None:
    output.say(f"  {text}")
