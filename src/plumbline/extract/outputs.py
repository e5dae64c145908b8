"""Plugin outputs, each text given once."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from plumbline.extract.sheet import STAGED
from plumbline.extract.values import texts as read_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.extract.told import Told

_REMEMBERED = 200_000
"""Some 20 MB; an output seen again after that is staged twice and stored once all the same."""


class Outputs:
    """Content-addresses outputs and remembers which it has already given."""

    def __init__(self, console: str) -> None:
        self._console = console
        self._given: set[bytes] = set()

    def read(self, told: Told) -> tuple[list[str | None], pa.Table]:
        """The key of each row's output, and the texts not given before."""
        return self.take(told["pluginText"])

    def take(self, texts: Sequence[Any]) -> tuple[list[str | None], pa.Table]:
        """The key of each text, and the texts not given before."""
        new: dict[str, str] = {}
        keys: dict[Any, str | None] = {None: None, "": None}
        for text in set(texts).difference(keys):
            whole = text if isinstance(text, str) else str(text)
            digest = blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=16)
            keys[text] = digest.hexdigest()
            if digest.digest() not in self._given:
                self._remember(digest.digest())
                new[digest.hexdigest()] = whole
        return list(map(keys.__getitem__, texts)), self._table(new)

    def _remember(self, digest: bytes) -> None:
        if len(self._given) >= _REMEMBERED:
            self._given.clear()
        self._given.add(digest)

    def _table(self, outputs: dict[str, str]) -> pa.Table:
        text = read_texts(list(outputs.values())).array
        columns = [
            pa.repeat(pa.scalar(self._console), len(outputs)),
            pa.array(list(outputs), pa.string()),
            text,
            pc.utf8_length(text).cast(pa.int64()),
        ]
        return pa.table(columns, schema=STAGED["outputs"])
