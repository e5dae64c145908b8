"""Arrow as a run needs it: without pandas, and giving memory back.

pyarrow looks for pandas at its first conversion, which costs more than a second of CPU and 60 MB
on two cores although nothing here uses it; the questions' library brings pandas along.
"""

from __future__ import annotations

import ctypes
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


# Of malloc.h: GNU's alone has them.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_LARGE = 2**18
"""Bytes from which a block goes back to the system as soon as it is freed."""
_ARENAS = 2


class _Absent(MetaPathFinder):
    """Says that pandas is not installed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is spared", name=fullname)
        return None


def give_back() -> None:
    """Let Arrow take memory from the system's allocator, and let that one give back what is freed.

    Arrow's own keeps what is freed: a tenth more memory at the end of a run of 1 M findings. The
    system's keeps large blocks, too, once it has seen some, unless it is told where they begin.
    Called again, it gives back what has gathered since: between reading and assembling.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    if sys.platform != "linux":
        return
    system = ctypes.CDLL(None)
    if hasattr(system, "mallopt"):
        system.mallopt(_MMAP_THRESHOLD, _LARGE)
        system.mallopt(_ARENA_MAX, _ARENAS)
        system.malloc_trim(0)


def spare_pandas() -> None:
    """Let pyarrow find no pandas in this process; without effect when pandas is loaded already."""
    if "pandas" in sys.modules:
        return
    absent = _Absent()
    sys.meta_path.insert(0, absent)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(absent)
