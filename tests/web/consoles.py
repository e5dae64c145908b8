"""An emulated console for tests that go there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def console(*, http: bool = True, hosts: int = 3) -> Iterator[Emulator]:
    """A console on loopback; without `http` it shows a certificate that it signed itself."""
    estate = Estate.generated(hosts=hosts, seed=5, findings_per_host=30)
    with Emulator(estate, http=http) as found:
        yield found
