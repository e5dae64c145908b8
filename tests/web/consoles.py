"""An emulated console for tests that go there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def console(*, http: bool = True, hosts: int = 3, clients: str = "") -> Iterator[Emulator]:
    """A console on loopback; without `http` it shows a certificate that it signed itself.

    With `clients`, an authority as PEM, callers have to show a certificate of it.
    """
    estate = Estate.generated(hosts=hosts, seed=5, findings_per_host=30)
    with Emulator(estate, http=http and not clients, clients=clients) as found:
        yield found


def begun(browser: Any, found: Emulator, name: str = "lab", **more: Any) -> Any:
    return browser.post("/connect", {"name": name, "url": found.url, **more})


def with_keys(browser: Any, found: Emulator, name: str = "lab") -> None:
    assert begun(browser, found, name).status_code == 302
    keys = {"access": found.access_key, "secret": found.secret_key}
    assert browser.post("/connect/keys", keys).url == "/connect/check"


def text(answer: Any) -> str:
    if answer.streaming:
        return b"".join(answer.streaming_content).decode()
    return str(answer.content.decode())
