"""Ages are banded alike in trends, which are counted when a run is published, and in questions."""

from __future__ import annotations

from plumbline.domain.age import AGE_BANDS
from plumbline.posture.bands import AGE


def test_both_use_the_same_words_for_the_same_days() -> None:
    assert [band.word for band in AGE] == [name for name, _ in AGE_BANDS]
    assert [band.last for band in AGE[:-1]] == [last for _, last in AGE_BANDS[:-1]]
