"""One reading of loose values, used by console, files and filters alike; see docs/normalisation.md.

A module for each kind of value. Each public function takes one value of any type, never raises,
and returns `Normalised`: the value in its one form, None where it is absent or cannot be read, and
a note where something was changed or could not be read. Notes are counted (`domain.oddities`);
whoever keeps the row keeps the raw value of what could not be read.
"""

from plumbline.domain.normalise.note import Normalised, Note

__all__ = ["Normalised", "Note"]
