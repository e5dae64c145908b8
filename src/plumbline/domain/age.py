"""Age of a finding: days since it was first seen, in bands."""

from __future__ import annotations

AGE_BANDS: tuple[tuple[str, int], ...] = (
    ("0-7", 7),
    ("8-30", 30),
    ("31-60", 60),
    ("61-90", 90),
    ("91-180", 180),
    ("181-365", 365),
    (">365", 2**31),
)
"""Each band's name and its last day; a moment in the future counts as day 0."""
