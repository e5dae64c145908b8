"""Which process works on a run, and whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SILENCE = timedelta(minutes=2)
"""A worker on another machine that was silent for longer is taken for dead."""

_START_TIME = 19  # field 22 of /proc/PID/stat, counted from behind the command's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process on a machine."""

    host: str
    pid: int
    process: str
    """Tells it from a later process with the same number; empty where the system cannot tell."""

    def lives(self, heartbeat: datetime, now: datetime) -> bool:
        """Whether it still works: seen here by its process, elsewhere by its heartbeat."""
        if self.host != socket.gethostname():
            return now - heartbeat < SILENCE
        return _exists(self.pid) and self.process == _mark(self.pid)


def this() -> Owner:
    """This very process."""
    return Owner(host=socket.gethostname(), pid=os.getpid(), process=_mark(os.getpid()))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process
        return True
    return True


def _mark(pid: int) -> str:
    """Boot and start time of a process: numbers of processes come again, these do not."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The command's name stands in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    if fields[0] == "Z":  # killed, but its parent has not noticed yet
        return ""
    return f"{boot}:{fields[_START_TIME]}"
