"""Sets data into a template: a process of its own does it, with little memory and little time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import msgspec

from plumbline.errors import FatalError
from plumbline.report.paper.signs import all_printable

if TYPE_CHECKING:
    from datetime import datetime

SECONDS = 60
"""Of waiting; the process may compute for half of it."""
_SETTER = "plumbline.report.paper.setter"
_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "PYTHONPATH", "VIRTUAL_ENV")
"""Of the environment: where Python finds itself. No key and no setting goes along."""


def pdf(template: str, data: dict[str, Any], at: datetime) -> bytes:
    """A PDF of the data; the same bytes for the same data and moment.

    Raises:
        FatalError: the pages could not be set in the time and memory they are given.
    """
    job = {"template": template, "data": all_printable(data), "at": int(at.timestamp())}
    told = _run(msgspec.json.encode(job))
    if told.returncode == 0 and told.stdout.startswith(b"%PDF"):
        return told.stdout
    why = told.stderr.decode(errors="replace").strip().partition("\n")[0]
    raise _failed(why or f"its process ended with {told.returncode}")


def _run(job: bytes) -> subprocess.CompletedProcess[bytes]:
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        return subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-P", "-m", _SETTER],
            input=job,
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"it took more than {SECONDS} seconds") from None
    except OSError as error:
        raise _failed(f"its process could not be started: {error.strerror}") from error


def _failed(why: str) -> FatalError:
    return FatalError(
        f"The pages of the report could not be set: {why}.",
        advice="--format json tells the same numbers; `plumbline doctor` tells about memory.",
        unchanged="the data; a report only reads.",
    )
