"""Kills a worker from within at a step that was drawn beforehand, as the kernel does: by SIGKILL.

Steps are calls of the product's own functions, counted apart in each phase of a run, so that the
short phases are hit as often as the long ones. Moments inside native code are left to a clock.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plumbline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

_ROOT = str(Path(plumbline.__file__).parent)
BEGINNINGS = {
    "Worker.work": "starting",
    "Synchroniser.run": "reading",
    "Assembler.assemble": "assembling",
    "_Work._publish": "publishing",
    "Attempts.settle": "settling",
}
"""Which call begins which phase."""
PHASES = tuple(BEGINNINGS.values())


@dataclass(slots=True, kw_only=True)
class Fate:
    """When this process is to die; with no phase it only counts its steps."""

    file: Path | None = None
    """Where a process that ends by itself tells what it counted."""
    phase: str = ""
    step: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    _now: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any] | None) -> Fate:
        """Begin to count, if that is asked for."""
        if not told:
            return cls()
        found = cls(file=Path(told["file"]), phase=told["phase"], step=told["step"])
        threading.setprofile(found._see)
        sys.setprofile(found._see)
        return found

    def tell(self) -> None:
        """Tell that the process came to its end, and what it counted."""
        sys.setprofile(None)
        if self.file is not None:
            self.file.write_text(json.dumps(self.counts))

    def _see(self, frame: FrameType, event: str, _told: object) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(_ROOT):
            return
        self._now = BEGINNINGS.get(frame.f_code.co_qualname, self._now)
        count = self.counts.get(self._now, 0)
        if self._now == self.phase and count == self.step:
            os.kill(os.getpid(), signal.SIGKILL)
        self.counts[self._now] = count + 1
