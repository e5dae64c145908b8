"""Sites that run in processes of their own, as people run them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from served import PASSWORD

from plumbline.web import certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser, StorageState

_GRACE = 20
_LOG = "stderr.txt"
NAME = "localhost"
"""Passkeys need a name in the address."""


@dataclass
class Site:
    """Where a site is, and what there is to open."""

    url: str
    log: Path
    """What its process told on stderr."""
    places: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Its addresses by their names, each with the rule of who may open it."""
    first: str = ""
    """The link for the first administrator."""
    signed: dict[str, StorageState] = field(default_factory=dict)
    """Cookies of those who signed in already."""

    def cookies(self, browser: Browser, person: str) -> StorageState:
        """Cookies of somebody; they sign in once."""
        if person not in self.signed:
            with browser.new_context(ignore_https_errors=False) as context:
                page = context.new_page()
                page.goto(f"{self.url}/login/")
                page.get_by_label("Name:").fill(person)
                page.get_by_label("Password:").fill(PASSWORD)
                page.get_by_role("button", name="Sign in", exact=True).click()
                page.wait_for_url(f"{self.url}/")
                self.signed[person] = context.storage_state()
        return self.signed[person]


@dataclass(frozen=True)
class Seal:
    """The certificate of every site, which the browser believes."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Seal:
        """A new one."""
        certificate.own(folder, (NAME, "127.0.0.1"))
        return cls(folder)

    @property
    def pin(self) -> str:
        """What Chromium is told to believe: the hash of the public key."""
        told = (self.folder / certificate.CERTIFICATE).read_bytes()
        key = x509.load_pem_x509_certificate(told).public_key()
        plain = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(plain).digest()).decode()

    def lay(self, home: Path) -> None:
        """Put it where a site looks for its own."""
        home.mkdir(mode=0o700, parents=True)
        for name in (certificate.CERTIFICATE, certificate.KEY):
            (home / name).write_bytes((self.folder / name).read_bytes())
            (home / name).chmod(0o600)


@contextmanager
def served(home: Path, seal: Seal, told: dict[str, Any]) -> Iterator[Site]:
    """A site over an estate of tests, or over nothing."""
    seal.lay(home)
    arguments = [str(Path(__file__).with_name("served.py")), str(home)]
    with _begun(home, *arguments, end=_leave) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, (home / _LOG).read_text()
        yield Site(log=home / _LOG, **json.loads(line))


@contextmanager
def fresh(home: Path, seal: Seal, **settings: str) -> Iterator[Site]:
    """What `plumbline serve` makes of an empty data folder, with its worker."""
    seal.lay(home)
    serve = ("-m", "plumbline", "serve", "--port", "0")
    with _begun(home, *serve, end=_interrupt, settings=settings) as process:
        assert process.stdout
        link = process.stdout.readline().strip()
        assert link, (home / _LOG).read_text()
        found = re.match(r"https://[^/]+", link)
        assert found, link
        yield Site(url=found[0], log=home / _LOG, first=link)


@contextmanager
def _begun(
    home: Path,
    *arguments: str,
    end: Callable[[subprocess.Popen[str]], None],
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[subprocess.Popen[str]]:
    with (home / _LOG).open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=_environment(home) | dict(settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        with process:
            try:
                yield process
            finally:
                end(process)
                _awaited(process)


def _leave(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.close()


def _interrupt(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C does: the worker ends with its site."""
    process.send_signal(signal.SIGINT)


def _awaited(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _environment(home: Path) -> dict[str, str]:
    """No setting of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLUMBLINE_")}
    return {**kept, "PLUMBLINE_HOME": str(home)}
