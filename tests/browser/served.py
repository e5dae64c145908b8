"""A site in a process of its own: `python served.py HOME`, with what to lay into it on stdin.

It tells on one line of JSON where it is and what there is to open, and ends when stdin does.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys
from plumbline.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "correct horse battery staple"
_TESTS = Path(__file__).parents[1]
_LASTS = timedelta(hours=1)
PEOPLE = {
    "admin": Role.ADMIN,
    "viewer": Role.VIEWER,
    "totp": Role.ANALYST,
    "passkey": Role.ANALYST,
    "fingers": Role.ADMIN,
}


def main() -> None:
    """Serve until whoever asked goes away."""
    told = json.loads(sys.stdin.readline())
    settings = Settings(home=Path(sys.argv[1]))
    from plumbline.web import frame  # noqa: PLC0415 - Django, only here

    face = frame.Face()
    frame.prepare(settings, face)
    from plumbline.web import certificate  # noqa: PLC0415 - after the frame
    from plumbline.web.server import Place, Server  # noqa: PLC0415 - likewise

    places = dict(_furnish(settings, told))
    pair = certificate.own(settings.home, frame.names(settings, face))
    with Server(settings, Place(host="127.0.0.1", port=0, pair=pair)) as server:
        found = {"url": server.url("localhost"), "places": places, "names": dict(_names())}
        print(json.dumps(found), flush=True)  # noqa: T201 - what the tests read
        sys.stdin.read()


def _furnish(settings: Settings, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """People, and an estate if one is wanted; tells names and numbers of what is there."""
    from plumbline.ledger.people import links, register  # noqa: PLC0415 - after the frame
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415 - likewise

    for name, role in PEOPLE.items():
        register.add(name, role, by="test")
        register.set_password(name, PASSWORD)
    if told["full"]:
        yield from _estate(settings, told)
        yield "password", links.make(LinkKind.PASSWORD, lasts=_LASTS, person="viewer")


def _estate(settings: Settings, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    # Not by PYTHONPATH, where tests are found that refuse sockets.
    sys.path += [str(_TESTS), str(_TESTS / "web")]
    from town import _publish  # noqa: PLC0415 - after the frame

    from plumbline.ledger import connections  # noqa: PLC0415 - likewise
    from plumbline.ledger.people import tokens  # noqa: PLC0415 - likewise
    from small import make  # noqa: PLC0415 - the engine takes its time

    made = make()
    runs = [_publish(settings, console, made) for console in ("north", "south")]
    yield "run", str(runs[-1])
    connection = Connection(name="lab", address=Address(url=told["console"]))
    connections.add(connection, Keys(*told["keys"]))
    finding = next(row for row in made.open() if row["console"] == "north")
    plugin = next(row for row in made.of("plugins") if row["cves"])
    yield "finding", finding["finding"]
    yield "host", finding["host"]
    yield "plugin", str(finding["plugin_id"])
    tokens.add("admin", "a program", Role.VIEWER, days=1)
    yield "cve", plugin["cves"][0]


def _names() -> Iterator[tuple[str, str]]:
    """Every named address of the site, with the rule of who may open it."""
    from django.urls import get_resolver  # noqa: PLC0415 - after the frame

    from plumbline.web.rules import rule  # noqa: PLC0415 - likewise

    for name in _below(get_resolver(), ""):
        yield name, str(rule(name))


def _below(resolver: Any, before: str) -> Iterator[str]:
    for one in resolver.url_patterns:
        if hasattr(one, "url_patterns"):
            space = f"{before}{one.namespace}:" if one.namespace else before
            yield from _below(one, space)
        elif one.name:
            yield f"{before}{one.name}"


if __name__ == "__main__":
    main()
