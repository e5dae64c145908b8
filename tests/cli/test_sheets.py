"""What the explorer and the questions write, and where."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
from commandline import Run, Told

from plumbline.cli import ask, explore, sheets
from plumbline.cli.edge import guarded
from plumbline.cli.explore import Asked
from plumbline.cli.root import root
from plumbline.cli.terms import terms_last
from plumbline.errors import StorageError, UsageError
from plumbline.posture.relations import RELATIONS
from plumbline.report.formats import Format

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.posture.engine import Estate

FINDINGS = RELATIONS["findings"]
COMMANDS = (
    *((name, f"explore:{name}", "") for name in RELATIONS),
    ("ask", "ask:ask", ""),
)


@pytest.fixture
def told_by(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The commands of this file, in a data folder that is not there yet."""
    assert not home.exists()

    def run(*args: str) -> Told:
        code = guarded(lambda: root(COMMANDS).main(args=list(args), prog_name="plumbline"))
        told = capsys.readouterr()
        return Told(code=code, out=told.out, err=told.err)

    return run


def test_rows_go_to_stdout_and_warnings_to_stderr_and_into_the_object(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Asked(query="state:open severity:high", columns=("finding", "severity"), limit=3)
    made = explore.sheet(estate, ["old data"], FINDINGS, asked)
    assert sheets.put(made, Format.JSON) == 3
    told = capsys.readouterr()
    whole = json.loads(told.out)
    assert whole["schema"] == "plumbline/findings/1"
    assert [row["severity"] for row in whole["data"]] == ["high"] * 3
    assert whole["warnings"][0] == "old data"
    assert "3 are shown" in whole["warnings"][1]
    assert "old data" in told.err
    assert "3 are shown" in told.err


def test_all_rows_need_no_warning(estate: Estate) -> None:
    made = explore.sheet(estate, (), FINDINGS, Asked(limit=None))
    assert made.warnings == ()


def test_a_file_is_whole_or_not_there(estate: Estate, tmp_path: Path) -> None:
    made = explore.sheet(estate, (), FINDINGS, Asked(columns=("plugin_name", "cves"), limit=None))
    count = sheets.put(made, Format.PARQUET, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == count > 100
    with pytest.raises(StorageError):
        sheets.put(made, Format.CSV, tmp_path / "nowhere" / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_a_formula_of_the_console_is_disarmed_on_its_way(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = Asked(query="plugin:1000", columns=("plugin_name", "port"), limit=1)
    sheets.put(explore.sheet(estate, (), FINDINGS, asked), Format.CSV)
    rows = list(csv.reader(StringIO(capsys.readouterr().out)))
    assert rows[0] == ["plugin_name", "port"]
    assert rows[1][0].startswith("'=cmd()|'calc' ")
    assert "\x1b" not in rows[1][0]


def test_a_question_is_answered_with_its_own_schema(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    sheets.put(ask.sheet(estate, ("stale",), "open-by-severity"), Format.JSON)
    whole = json.loads(capsys.readouterr().out)
    assert whole["schema"] == "plumbline/ask-open-by-severity/1"
    assert [row["severity"] for row in whole["data"]] == [
        "critical", "high", "medium", "low", "info",
    ]  # fmt: skip
    assert whole["warnings"] == ["stale"]


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl", "json"])
def test_the_ending_of_the_file_chooses_the_format(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"out.{ending.upper()}"
    assert sheets.chosen(None, as_json=False, file=file) is Format(ending)
    assert sheets.chosen(Format.TABLE, as_json=False, file=file) is Format.TABLE
    assert sheets.chosen(None, as_json=False, file=tmp_path / "out.txt") is Format.TABLE


def test_json_and_another_format_contradict_each_other() -> None:
    assert sheets.chosen(None, as_json=False) is Format.TABLE
    assert sheets.chosen(Format.JSON, as_json=True) is Format.JSON
    with pytest.raises(UsageError):
        sheets.chosen(Format.CSV, as_json=True)


def test_negated_terms_are_no_options() -> None:
    args = ["severity:high", "-os:Debian*", "--sort", "-risk", "-o", "file", "-kev:no"]
    assert terms_last(args) == [
        "severity:high", "--sort", "-risk", "-o", "file", "--", "-os:Debian*", "-kev:no",
    ]  # fmt: skip
    assert terms_last(["--", "-a:b"]) == ["--", "-a:b"]
    assert terms_last(["a:b", "-c:d", "--", "-e"]) == ["a:b", "--", "-c:d", "-e"]


@pytest.mark.parametrize("name", ["findings", "hosts", "plugins", "lists"])
def test_the_fields_can_be_listed_before_anything_was_read(name: str, told_by: Run) -> None:
    told = told_by(name, "--fields", "--json")
    assert told.code == 0
    fields = {row["field"] for row in told.data}
    assert fields == {field.name for field in RELATIONS[name].fields}


def test_the_questions_can_be_listed_before_anything_was_read(told_by: Run) -> None:
    told = told_by("ask", "--list")
    assert told.code == 0
    assert "host HOST" in told.out
    assert "top-hosts [LIMIT]" in told.out


def test_a_question_without_its_argument_is_a_matter_of_usage(told_by: Run) -> None:
    assert told_by("ask").code == 2
    told = told_by("ask", "host")
    assert told.code == 2
    assert "HOST" in told.err


def test_nothing_published_is_told(told_by: Run) -> None:
    told = told_by("findings", "-state:fixed", "--sort", "-risk")
    assert told.code == 1
    assert "plumbline sync" in told.err


@pytest.mark.parametrize("name", ["findings", "hosts", "plugins", "lists"])
def test_what_is_no_condition_is_a_matter_of_usage(name: str, told_by: Run) -> None:
    for query, form in (("findings>=3", "findings:>=3"), ("a OR b", "a,b"), ("(a)", "write a;")):
        if name == "findings" and ">" in query:
            continue
        told = told_by(name, query)
        assert told.code == 2, query
        assert form in told.err
        assert "in quotes" in told.err
        # Words of a command are one filter, however the shell parts them.
        assert told_by(name, *query.split()).code == 2


@pytest.mark.parametrize("form", [Format.CSV, Format.JSON, Format.JSONL, Format.PARQUET])
def test_a_file_names_the_host_of_every_row(form: Format, estate: Estate, tmp_path: Path) -> None:
    asked = explore.asked(FINDINGS, [], None, None, None, form)
    made = explore.sheet(estate, (), FINDINGS, asked)
    names = [column.name for column in made.columns]
    shown = [field.name for field in FINDINGS.fields if field.shown]
    assert names[: len(shown)] == shown
    assert {"host_name", "ip", "cves", "solution", *FINDINGS.contract} <= {*names}
    file = tmp_path / "out"
    count = sheets.put(made, form, file)
    if form is Format.CSV:
        rows = list(csv.DictReader(StringIO(file.read_text())))
        assert len(rows) == count
        assert not [row for row in rows if not row["host_name"]]


def test_columns_that_are_asked_for_are_all_there_is(estate: Estate) -> None:
    asked = explore.asked(FINDINGS, [], "port,ip", None, None, Format.CSV)
    made = explore.sheet(estate, (), FINDINGS, asked)
    assert [column.name for column in made.columns] == ["port", "ip"]


def test_words_that_find_nothing_are_told_where_they_were_looked_for(estate: Estate) -> None:
    made = explore.sheet(estate, (), FINDINGS, Asked(query="nosuch state:open"))
    assert "nosuch" in made.warnings[0]
    assert "cves" in made.warnings[0]
