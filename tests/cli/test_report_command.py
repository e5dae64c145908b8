"""`plumbline report` and lists as spreadsheets, as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run


def test_reports_are_listed(plumbline: Run) -> None:
    told = plumbline("report", "--list", "--json")
    assert told.code == 0
    assert "executive" in [row["report"] for row in json.loads(told.out)["data"]]


def test_a_report_has_to_be_named_and_known(plumbline: Run) -> None:
    assert plumbline("report").code == 2
    told = plumbline("report", "weekly")
    assert told.code == 2
    assert "executive" in told.err
    assert plumbline("report", "executive", "--json", "--format", "pdf").code == 2


def test_nothing_published_is_told_and_no_file_is_made(plumbline: Run, tmp_path: Path) -> None:
    file = tmp_path / "posture.pdf"
    told = plumbline("report", "executive", "-o", str(file))
    assert told.code == 1
    assert "Nothing has been published yet." in told.err
    assert not file.exists()


def test_the_ending_of_a_file_chooses_a_spreadsheet(plumbline: Run, tmp_path: Path) -> None:
    file = tmp_path / "fields.xlsx"
    assert plumbline("findings", "--fields", "-o", str(file)).code == 0
    assert file.read_bytes().startswith(b"PK")
