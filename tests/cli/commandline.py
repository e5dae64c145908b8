"""What the tests of the command line share: how a command is run and what it told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Protocol

ACCESS, SECRET = "access-word-1", "secret-word-2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a command ended with and said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The data of `--json`."""
        return json.loads(self.out)["data"]


class Run(Protocol):
    """Runs a command in this process."""

    def __call__(self, *args: str) -> Told: ...


class Spawn(Protocol):
    """Runs a command in a process of its own, with something on standard input."""

    def __call__(self, *args: str, stdin: str = "", **variables: str) -> Told: ...
