"""The outer edge: the one place that turns whatever happened into words and an exit code."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline import __version__
from plumbline.cli import output
from plumbline.errors import PlumblineError

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, INTERRUPTED = 1, 130


def guarded(command: Callable[[], object]) -> int:
    """Run a command and tell how it ended: the process's exit code."""
    output.forgive()
    try:
        code = _code_of(command)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone, as in `plumbline runs | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _code_of(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    except PlumblineError as error:
        output.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost edge; it is all written down
        output.fail(_unexpected(error))
        return FAILED
    return 0


def _unexpected(error: Exception) -> PlumblineError:
    what = f"Something unexpected happened ({type(error).__name__})"
    try:
        file = _write_down(error, _logs())
    except OSError:
        file = _write_down(error, Path(tempfile.mkdtemp(prefix="plumbline-")))
    return PlumblineError(
        f"{what}; details were written to {file}.",
        advice="`plumbline doctor`; if it is an error of Plumbline, report it with that file.",
    )


def _logs() -> Path:
    """The folder of logs, found without the settings that may be what is broken."""
    from plumbline.config.reading import load  # noqa: PLC0415 - only when all else failed

    try:
        return load().logs
    except PlumblineError:
        return Path(tempfile.mkdtemp(prefix="plumbline-"))


def _write_down(error: Exception, folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    file = folder / f"error-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
    trace = "".join(traceback.format_exception(error))
    # No arguments and no local values: neither may hold a secret this way.
    file.write_text(f"plumbline {__version__}, {now:%FT%TZ}\n{trace}", encoding="utf-8")
    file.chmod(0o600)
    return file
