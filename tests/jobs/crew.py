"""Real workers that can be killed, and moments that can be waited for."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lab import Lab

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from plumbline.config.settings import Settings

MakeConsole = Callable[..., Lab]
ZYGOTE = Path(__file__).with_name("zygote.py")
PATIENCE = 120.0
same_on_either_database = pytest.mark.parametrize(
    "settings", ["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)], indirect=True
)
"""For what does not depend on the database: `make test` tries it on SQLite alone."""


def until(moment: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for a moment to come; tells what it was."""
    end = time.monotonic() + seconds
    while not (found := moment()):
        assert time.monotonic() < end, "the moment did not come"
        time.sleep(0.04)
    return found


def lives(number: int) -> bool:
    """Whether a process is there."""
    with suppress(ProcessLookupError):
        os.kill(number, 0)
        return True
    return False


@dataclass
class Workers:
    """Real worker processes."""

    zygote: subprocess.Popen[str]
    numbers: list[int] = field(default_factory=list)

    def begin(
        self,
        settings: Settings,
        *,
        once: bool = False,
        fate: Mapping[str, Any] | None = None,
        watch: str = "",
        level: str = os.environ.get("CREW_LEVEL", "WARNING"),
    ) -> int:
        """Start one; tells its process."""
        plain = {
            name: getattr(settings, name)
            for name in settings.__dataclass_fields__
            if name.startswith(("retry_", "parallel_", "timezone", "database_url", "engine_"))
        }
        told = {"home": str(settings.home), "settings": plain, "once": once, "level": level}
        told |= {"fate": fate, "watch": watch}
        assert self.zygote.stdin
        assert self.zygote.stdout
        self.zygote.stdin.write(json.dumps(told) + "\n")
        self.zygote.stdin.flush()
        self.numbers.append(int(self.zygote.stdout.readline()))
        return self.numbers[-1]

    def kill(self, number: int) -> None:
        """End one as the kernel does."""
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
        until(lambda: not lives(number))

    def end(self, number: int) -> None:
        """Ask one to end, and wait."""
        os.kill(number, signal.SIGTERM)
        until(lambda: not lives(number))

    def once(self, settings: Settings) -> None:
        """Let one work off what is due, and wait."""
        number = self.begin(settings, once=True)
        until(lambda: not lives(number))
