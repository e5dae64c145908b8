"""The outer edge: the one place that turns whatever happened into words and an exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from plumbline import __version__
from plumbline.cli import output
from plumbline.errors import PlumblineError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

FAILED, INTERRUPTED = 1, 130
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def guarded(command: Callable[[], object]) -> int:
    """Run a command and tell how it ended: the process's exit code."""
    output.forgive()
    signal.signal(signal.SIGTERM, _stop)
    try:
        code = _code_of(command)
    except BrokenPipeError:  # the reader of our output has gone, as in `plumbline runs | head -1`
        code = FAILED
    try:
        sys.stdout.flush()
    except OSError:  # told already: what is left would be written again at the very end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


def _stop(_number: int, _frame: object) -> None:
    """A service manager asks to end: as tidily as Ctrl-C does."""
    raise KeyboardInterrupt


def _code_of(command: Callable[[], object]) -> int:
    try:
        return _ended(command)
    except PlumblineError as error:
        output.fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        output.fail(_no_room(error) if error.errno in _FULL else _unexpected(error))
        return FAILED
    except Exception as error:  # noqa: BLE001 - the outermost edge; it is all written down
        output.fail(_unexpected(error))
        return FAILED


def _ended(command: Callable[[], object]) -> int:
    """Run the command to its end, with all it told written out."""
    code = 0
    try:
        command()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else FAILED if stop.code else 0
    sys.stdout.flush()
    return code


def _no_room(error: OSError) -> PlumblineError:
    where = error.filename or "the output"
    return StorageError(
        f"There is no room to write {where}: {error.strerror}.",
        advice="free space on that disk, or write elsewhere.",
    )


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
