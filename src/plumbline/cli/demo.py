"""`plumbline demo`: an emulated console, weeks of runs and the web interface, nothing to set up."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plumbline.cli import output
from plumbline.errors import ConfigurationError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.config.settings import Settings
    from plumbline.console.check import Check
    from plumbline.domain.connection import Connection, Keys
    from plumbline.emulator import Emulator, Estate
    from plumbline.sync.run import Report

NAME = "demo"
MARKER = "DEMO.txt"
_OURS = "This folder belongs to `plumbline demo --home`, which empties it when it starts.\n"
_DAY, _WEEK, _WEEKS = 86_400, 7, 13
_SEED, _FINDINGS_A_HOST = 1, 50.0
_CHANGE = 0.012
"""Share of the findings that is new, fixed or returned each day, beside one busy day a week."""
_PREFIX = "PLUMBLINE_"
_NEXT = (
    "summary",
    "findings severity:critical,high kev:yes --sort -risk --limit 10",
    "findings state:fixed --limit 10",
    "hosts --sort -risk --limit 10",
    "lists --sort -risk",
    "ask --list",
    "ask unaligned",
    "ask trend",
    "runs",
)


def demo(
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of the emulated console; 0 takes any.")
    ] = 0,
    hosts: Annotated[int, typer.Option(min=1, help="Machines to invent.")] = 300,
    home: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Keep the data here, in place of an earlier demo's."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the data even without --home, and say where.")
    ] = False,
    weeks: Annotated[
        int, typer.Option(min=1, max=52, help="Weeks of history, with a run each.")
    ] = _WEEKS,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Open no browser; print the link that signs in.")
    ] = False,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the summary, without web interface.")
    ] = False,
) -> None:
    """Try Plumbline against an emulated console.

    Serves a Tenable Security Center 6.6 with an invented estate on loopback, reads it week after
    week, shows the posture and opens the web interface, until Ctrl-C. Your own connections and
    data are left alone.
    """
    from plumbline.cli import session, showcase  # noqa: PLC0415 - only when called

    with (
        _folder(home, keep=keep) as folder,
        _alone(folder),
        _console(hosts, port, weeks) as console,
    ):
        settings = session.ledger() if no_serve else showcase.prepare()
        _read(console, settings, weeks)
        _show()
        _tell_next(folder, kept=keep or home is not None)
        if not no_serve:
            _step("The web interface, over the same data.", "serve")
            with showcase.site(settings) as server:
                showcase.show(settings, server, browser=not no_browser)


@contextmanager
def _folder(home: Path | None, *, keep: bool) -> Iterator[Path]:
    """The folder of the demo's data; a temporary one goes at the end unless it is kept."""
    folder = _emptied(home) if home else Path(tempfile.mkdtemp(prefix="plumbline-demo-"))
    try:
        yield folder
    finally:
        # Not before: it brings up Django for the ledger alone, and the site needs more.
        from plumbline.ledger.opening import close  # noqa: PLC0415 - as said

        close()
        if home is None and not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _emptied(home: Path) -> Path:
    """The folder, new; one that holds anything but an earlier demo is not touched.

    Raises:
        UsageError: it holds something else.
        ConfigurationError: it cannot be made.
    """
    folder = home.expanduser().absolute()
    try:
        if (folder / MARKER).is_file():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(
                f"{folder} is not empty and holds no earlier demo.",
                advice="another --home.",
                unchanged="the folder.",
            )
        (folder / MARKER).write_text(_OURS, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be used for the demo: {error.strerror or error}.",
            advice="another --home.",
        ) from error
    return folder


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Use this data folder and defaults, whatever settings the user's environment holds."""
    own = {name: value for name, value in os.environ.items() if name.startswith(_PREFIX)}
    for name in own:
        del os.environ[name]
    os.environ["PLUMBLINE_HOME"] = str(folder)
    try:
        yield
    finally:
        del os.environ["PLUMBLINE_HOME"]
        os.environ.update(own)


@contextmanager
def _console(hosts: int, port: int, weeks: int) -> Iterator[Emulator]:
    """The emulated console, serving what would have been there so many weeks ago."""
    from plumbline.emulator import Emulator  # noqa: PLC0415 - numpy, only when called

    _step(f"An estate of {hosts:,} machines is invented.")
    try:
        console = Emulator(_estate(hosts, weeks), http=False, port=port)
    except OSError as error:
        raise ConfigurationError(
            f"Port {port} cannot be used: {error.strerror or error}.",
            advice="another --port, or 0 for a free one.",
        ) from error
    with console:
        _tell(f"A Tenable Security Center 6.6, emulated, serves it at {console.url}.")
        yield console


def _estate(hosts: int, weeks: int) -> Estate:
    from plumbline.emulator import Estate  # noqa: PLC0415 - numpy, only when called

    midnight = time.time() // _DAY * _DAY
    return Estate.generated(
        hosts=hosts,
        seed=_SEED,
        findings_per_host=_FINDINGS_A_HOST,
        now=midnight - weeks * _WEEK * _DAY,
    )


def _read(console: Emulator, settings: Settings, weeks: int) -> None:
    """Connect, check, read, and read again after each week that passes."""
    from plumbline.cli import sync  # noqa: PLC0415 - only when called

    _connect(console)
    estate = console.estate
    # What is read today is dated by this machine's clock, what was before by the console's own.
    estate.own_time = True
    _step(f"The first run reads everything; that is {weeks} weeks ago.", "sync")
    report = _run(settings, estate)
    sync.tell(report)
    _step(
        f"{weeks * _WEEK} days pass on the console, with a run each week: findings come, are "
        "fixed, return and go unseen; machines change their address, others are added.",
        "sync",
    )
    for week in range(1, weeks + 1):
        _pass(estate)
        estate.own_time = week < weeks
        report = _run(settings, estate)
        if week < weeks:
            _tell_week(report)
    sync.tell(report)


def _pass(estate: Estate) -> None:
    """Let a week pass: a day as the estate has them, and quieter ones."""
    estate.evolve(1)
    estate.evolve(_WEEK - 1, change=_CHANGE)


def _run(settings: Settings, estate: Estate) -> Report:
    """Read the console at its own time.

    Raises:
        FatalError: it could not be read or proven.
    """
    from plumbline.cli.sync import watched  # noqa: PLC0415 - only when called
    from plumbline.ledger import snapshots  # noqa: PLC0415 - Django, likewise
    from plumbline.sync.run import Synchroniser  # noqa: PLC0415 - the engine, likewise

    with watched() as progress:
        synchroniser = Synchroniser(
            settings=settings, progress=progress, clock=lambda: estate.clock
        )
        report = synchroniser.run(NAME)
    if report.error is not None:
        raise report.error
    snapshots.date_back(report.run.number, datetime.fromtimestamp(estate.clock, UTC))
    return report


def _tell_week(report: Report) -> None:
    run, counts = report.run, report.run.counts
    words = ", ".join(f"{counts.get(word, 0):,} {word}" for word in ("open", "new", "fixed"))
    _tell(f"{run.started:%Y-%m-%d}  run {run.number} {run.state}: {words}")


def _connect(console: Emulator) -> None:
    from plumbline.domain.connection import (  # noqa: PLC0415 - only when called
        Address,
        Connection,
        Keys,
        Trust,
        TrustKind,
    )
    from plumbline.ledger import connections  # noqa: PLC0415 - Django, only when called

    _step(
        "Its certificate signed itself, so it is trusted by its fingerprint.",
        f"connection add {NAME} --url {console.url} --fingerprint {console.fingerprint}",
    )
    trust = Trust(kind=TrustKind.FINGERPRINT, value=console.fingerprint)
    connection = Connection(name=NAME, address=Address(url=console.url, trust=trust))
    keys = Keys(console.access_key, console.secret_key)
    connections.add(connection, keys)
    _step("Is everything there that reading needs?", f"connection test {NAME}")
    _check(connection, keys)


def _check(connection: Connection, keys: Keys) -> None:
    """Run the preflight and tell in one line how it went; what did not pass gets its own."""
    from plumbline.console.check import Verdict  # noqa: PLC0415 - only when called
    from plumbline.console.preflight import preflight  # noqa: PLC0415 - urllib3, likewise
    from plumbline.ledger import requests  # noqa: PLC0415 - Django, likewise

    with requests.Log(None) as log:
        checks = list(preflight(connection, keys, log))
    others = [check for check in checks if check.verdict is not Verdict.PASS]
    _tell(f"{len(checks) - len(others)} of {len(checks)} checks pass.")
    for check in others:
        _tell(f"{check.verdict.value}: {check.name}: {check.finding}")
    _stop_at([check for check in others if check.verdict is Verdict.FAIL])


def _stop_at(failures: list[Check]) -> None:
    if failures:
        raise FatalError(
            f"The emulated console failed its check of {failures[0].name}.",
            advice=failures[0].remedy or "`plumbline doctor`",
        )


def _show() -> None:
    from plumbline.cli.terminal import summary  # noqa: PLC0415 - rich, only when called

    _step("The posture, from what was read and proven.", "summary")
    summary()


def _tell_next(folder: Path, *, kept: bool) -> None:
    _step("What to try next")
    command = _command()
    if kept:
        _tell(f"export PLUMBLINE_HOME={shlex.quote(str(folder))}")
        for words in _NEXT:
            _tell(f"{command} {words}")
        return
    _tell(f"{command} demo --home demo-home   # the same, kept to be asked")
    _tell(f"{command} connection guide        # API keys of your own console, step by step")


def _command() -> str:
    """How this very command was called, as short as it can be written here."""
    called = Path(sys.argv[0]).absolute()
    if called.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m plumbline"
    if shutil.which(called.name) == str(called):
        return called.name
    here = Path.cwd()
    return shlex.quote(str(called.relative_to(here) if called.is_relative_to(here) else called))


def _step(text: str, command: str = "") -> None:
    """Begin a part: what happens now, and the command that would do it."""
    sys.stdout.flush()
    output.say(f"\n{output.paint(text, '1', sys.stderr)}")
    if command:
        _tell(output.paint(f"$ plumbline {command}", output.DIM, sys.stderr))


def _tell(text: str) -> None:
    output.say(f"  {text}")
