"""Questions of one page, asked side by side: the engine answers them on all processors."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 8
# Python waits for these threads at its end, so that none of them is left in the engine.
_askers = ThreadPoolExecutor(
    max_workers=min(os.cpu_count() or 1, _MOST), thread_name_prefix="plumbline-asking"
)


def together(**asked: Callable[[], Any]) -> dict[str, Any]:
    """The answers by the names of what was asked, all of them at once.

    Ask of an estate alone, not of the ledger, whose connections are each a thread's own. An asker
    must not ask together again: with all of them waiting, nobody would be left to answer.

    Raises:
        PlumblineError: whatever the first that went wrong raised.
    """
    begun = {name: _askers.submit(ask) for name, ask in asked.items()}
    return {name: answer.result() for name, answer in begun.items()}
