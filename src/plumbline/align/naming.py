"""What names each alias and what each range names, as numbers of one line.

A line `address|name|` of the viewable addresses means one host, even where several are behind the
address: if an alias of that repository has both the address and the name, the line is that pair;
otherwise it is the address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from plumbline.align import places
from plumbline.align.groups import filled
from plumbline.align.joins import every_address
from plumbline.terms.address import MemberKind

if TYPE_CHECKING:
    from plumbline.align.groups import Marks, Numbers

_REPOSITORY_SHIFT = 36
"""Places lie below 2^36; above is the number of the repository, 0 for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """The ranges, split by what they are."""

    table: pa.Table
    kind: dict[MemberKind, Numbers]
    """Rows of each kind."""
    repository: pa.Array
    """Repository that a range holds in; null for all."""
    name: pa.Array
    """Name in an `address|name|` line; empty otherwise."""

    @classmethod
    def of(cls, ranges: pa.Table) -> Spans:
        """Split the rows of a `ranges` table."""
        kinds = ranges["kind"]
        rows = {kind: np.flatnonzero(_marks(pc.equal(kinds, kind.value))) for kind in MemberKind}
        name = pc.replace_substring_regex(ranges["text"], r"^[^|]*(\|([^|]*).*)?$", r"\2")
        return cls(
            table=ranges,
            kind=rows,
            repository=ranges["repository_id"].combine_chunks(),
            name=plain_name(name),
        )

    def column(self, name: str, kind: MemberKind) -> pa.Array:
        """A column of the ranges of one kind."""
        return self.table[name].combine_chunks().take(pa.array(self.kind[kind]))


def plain_name(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """DNS names as they are compared: lower case, without the last dot."""
    text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(column, "")))
    text = pc.ascii_rtrim(text, ".")
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def plain_id(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Ids as they are compared: lower case, without dashes."""
    return plain_name(pc.replace_substring(pc.fill_null(column, ""), "-", ""))
