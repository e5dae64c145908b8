"""A pair of API keys as people give it: could it be one at all?"""

from __future__ import annotations

import re

from plumbline.domain.connection import Keys
from plumbline.errors import UsageError

_KEY = re.compile(r"[!-~]{1,256}")


def could_be(key: str) -> bool:
    """Whether a text could be one of the two keys."""
    return _KEY.fullmatch(key) is not None


def checked(access: str, secret: str, source: str) -> Keys:
    """The pair, if both can be keys; `source` begins the sentence that says why not.

    Raises:
        UsageError: they cannot be; neither is repeated.
    """
    if not (could_be(access) and could_be(secret)):
        raise UsageError(
            f"{source}: a key is empty, too long or holds signs no key has.",
            advice="copy both keys again from the console, without quotes and spaces.",
        )
    if access == secret:
        raise UsageError(
            f"{source}: access key and secret key are the same.",
            advice="copy both; the console shows them below each other.",
        )
    return Keys(access, secret)
