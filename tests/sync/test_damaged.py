"""A damaged staged part is told, forgotten and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.domain.run import RunState
from plumbline.errors import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

    from lab import Lab, MakeLab

pytestmark = pytest.mark.network


def parts(lab: Lab) -> list[Path]:
    return sorted((lab.settings.home / "staging").rglob("*.findings.parquet"))


@pytest.mark.parametrize("how", ["cut", "emptied", "overwritten"])
def test_a_damaged_staged_part_costs_one_run_and_no_more(make_lab: MakeLab, how: str) -> None:
    lab = make_lab("revoke-after:30", page=30)
    assert lab.sync().run.state is RunState.FAILED
    staged = parts(lab)
    whole = staged[0].read_bytes()
    spoilt = {"cut": whole[: len(whole) // 2], "emptied": b"", "overwritten": bytes(len(whole))}
    staged[0].write_bytes(spoilt[how])
    lab.emulator.clear_faults()
    report = lab.sync()
    assert isinstance(report.error, DamagedError)
    assert report.run.state is RunState.FAILED
    assert lab.sync().error is None
    assert lab.shown() == lab.truth()
