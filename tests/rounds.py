"""How long the tests try: `make test` takes few rounds of what is long, `make soak` all of them."""

from __future__ import annotations

import os

SOAK = os.environ.get("SOAK", "") not in {"", "0"}
"""Whether this is `make soak`. Cases for it alone bear the mark `soak`."""
FEW_EXAMPLES = 30
"""Of each property whose test does not say how many; in `make soak` there are 100."""


def rounds(few: int, *, soak: int) -> int:
    """How often something is repeated."""
    return soak if SOAK else few
