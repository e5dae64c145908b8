from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scans import Host, Item, export, nessus

if TYPE_CHECKING:
    from pathlib import Path

    from commandline import Run, Spawn

pytestmark = pytest.mark.usefixtures("settled")


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.nessus"
    path.write_bytes(nessus(Host(items=(Item(), Item(plugin="x")))))
    return path


def test_a_file_is_imported_and_told(plumbline: Run, scan: Path) -> None:
    told = plumbline("import", str(scan))
    assert told.code == 0, told.err
    assert "run 1 complete, full; 1 file, 2 results, 1 findings, 1 rejected" in told.out
    assert "scan.nessus, line 4: pluginID is 'x'" in told.err
    found = plumbline("findings", "--format", "json")
    assert [row["plugin_id"] for row in json.loads(found.out)["data"]] == [10_000]


def test_programs_get_every_rejected_row(plumbline: Run, scan: Path) -> None:
    told = plumbline("import", str(scan), "--json")
    assert json.loads(told.out)["schema"] == "plumbline/import/1"
    [file] = told.data["files"]
    assert file["rejected_rows"] == [{"place": "line 4", "reason": "pluginID is 'x'"}]
    assert (file["rows"], file["findings"], told.data["state"]) == (2, 1, "complete")


def test_a_file_that_breaks_off_ends_with_six(plumbline: Run, scan: Path) -> None:
    scan.write_bytes(nessus(Host(), Host(ip="10.0.0.2"))[:-90])
    told = plumbline("import", str(scan))
    assert told.code == 6
    assert "scan.nessus: it breaks off or is damaged in line" in told.err
    assert "--accept-truncated" in told.err
    assert plumbline("import", str(scan), "--accept-truncated").code == 6
    assert plumbline("runs", "--json").data[0]["state"] == "incomplete"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "There is no file"),
        (b"", "is empty"),
        (b"{}", "is JSON"),
        (b"<html></html>", "is a web page"),
        (b"<?xml version='1.0'?><NessusClientData/>", "version 1"),
        (b"<?xml version='1.0'?><other/>", "begins with <other>"),
        (b"<!DOCTYPE x><NessusClientData_v2/>", "declares a document type"),
        (b"\x7fELF\0\0\0\0", "neither text nor XML"),
        (b"PK\3\4", "a ZIP archive"),
        (b"a,b\n1,2\n", "it lacks the columns Plugin, Severity, IP Address"),
        (b"\x1f\x8b\x08broken", "cannot be unpacked"),
    ],
)
def test_what_cannot_be_imported_is_said_in_a_sentence(
    plumbline: Run, tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    told = plumbline("import", str(path))
    assert told.code == 2
    assert words in told.err
    assert "Traceback" not in told.err
    assert plumbline("connection", "list", "--json").data == []


def test_a_folder_is_no_file(plumbline: Run, tmp_path: Path) -> None:
    told = plumbline("import", str(tmp_path))
    assert told.code == 2
    assert "is a folder" in told.err


def test_files_come_through_a_pipe_too(spawn: Spawn) -> None:
    told = spawn("import", "-", stdin=nessus(Host()).decode())
    assert told.code == 0, told.err


@pytest.mark.parametrize(
    "words",
    [("sync", "files"), ("connection", "test", "files"), ("connection", "rotate-keys", "files")],
)
def test_a_connection_of_files_has_no_console(
    plumbline: Run, scan: Path, words: tuple[str, ...]
) -> None:
    plumbline("import", str(scan))
    told = plumbline(*words)
    assert told.code == 2
    assert "files takes files" in told.err
    assert plumbline("connection", "show", "files", "--json").data["kind"] == "file"
    assert plumbline("sync").code == 2


def test_the_connection_of_a_console_takes_no_files(plumbline: Run, lab: str, scan: Path) -> None:
    told = plumbline("import", str(scan), "--connection", lab)
    assert told.code == 2
    assert "reads a console" in told.err


def test_what_could_not_be_read_is_told_at_the_end_with_its_row(
    plumbline: Run, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(
        export({"Last Observed": "9/1/2026"}, {"Plugin": "2", "DNS Name": "a.example."})
    )
    told = plumbline("import", str(path))
    assert told.code == 0, told.err
    kind = "date whose day and month cannot be told apart"
    assert f"{kind}: 1, such as '9/1/2026' (list.csv, line 2, Last Observed)" in told.err
    assert "final dot dropped from a name: 1, such as 'a.example.' (list.csv, line 3" in told.err
    listed = plumbline("import", str(path), "--json").data["oddities"]
    assert {one["kind"]: one["count"] for one in listed}[kind] == 1
    assert kind in plumbline("run", "show", "1").out
