"""Recorded findings become columns without a field lost and without one invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from pages_of import read

from plumbline.console.rows import DERIVED_FIELDS, KNOWN_FIELDS, OBJECT_FIELDS
from plumbline.domain.severity import Severity
from plumbline.extract.sheet import LAST_MITIGATED
from plumbline.tables import ALIASES, FINDINGS, OUTPUTS, PLUGINS, Column, Kind
from recordings import DATA, finding_rows, recordings

TABLES = {"findings": FINDINGS, "aliases": ALIASES, "plugins": PLUGINS, "outputs": OUTPUTS}
WORKED_OUT = {"kev", "kev_due", "host_uniqueness", "output"}
"""Columns that are made from their field, and looked at on their own."""
SEPARATORS = {"cpe": r",|<br\s*/?>", "seeAlso": r"[\r\n]+"}


def found_rows() -> list[Any]:
    return [
        pytest.param(row, id=f"{file.stem}-{number}")
        for file in recordings("json")
        for number, row in enumerate(finding_rows(file))
    ]


recorded = pytest.mark.recorded
here = pytest.mark.skipif(not DATA.is_dir(), reason="no recordings in ../shared/data")
each_row = pytest.mark.parametrize("row", found_rows())


def columns_of(field: str) -> list[tuple[str, Column]]:
    """The columns that carry a field of the wire."""
    return [
        (name, column)
        for name, table in TABLES.items()
        for column in table.columns
        if column.source == field and column.name not in WORKED_OUT
    ]


def told(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What one row becomes: each table's only row."""
    page = read(row)
    assert page.odd == {}
    return {name: next(iter(getattr(page, name).to_pylist()), {}) for name in TABLES}


def expected(field: str, value: Any, kind: Kind) -> Any:
    """The value as the documented rules write it."""
    if value in ("", "-1", None, "[]") and not (kind is Kind.TEXT and value == "-1"):
        return None
    if kind is Kind.TEXTS:
        parts = (part.strip() for part in re.split(SEPARATORS.get(field, ","), value))
        return [part for part in parts if part]
    if kind is Kind.TIME:
        return datetime.fromtimestamp(int(value), UTC)
    if kind is Kind.FLAG:
        return value in ("1", "Yes", "true")
    return {Kind.INTEGER: int, Kind.NUMBER: float, Kind.TEXT: str}[kind](value)


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The row's fields with those inside objects by their path."""
    fields = {name: value for name, value in row.items() if name not in OBJECT_FIELDS}
    for name in OBJECT_FIELDS:
        if isinstance(row.get(name), dict):
            fields |= {f"{name}.{part}": value for part, value in row[name].items()}
    return fields


def test_every_known_field_has_a_column_or_is_told_to_be_derived() -> None:
    columns = {column.source for table in TABLES.values() for column in table.columns}
    columns |= {LAST_MITIGATED.source, "severity", "family", "repository"}
    # The older name of hostUniqueness, and what a single scan says beside lastAuthRun.
    assert KNOWN_FIELDS - columns - {*DERIVED_FIELDS} == {"uniqueness", "credentialed"}


@recorded
@here
def test_there_are_recordings_to_look_at() -> None:
    assert len(found_rows()) >= 6


@recorded
@here
@each_row
def test_no_field_of_a_recorded_row_is_lost(row: dict[str, Any]) -> None:
    tables = told(row)
    derivable = {*DERIVED_FIELDS, "uniqueness", "hostUniqueness", "pluginText"}
    for field, value in flat(row).items():
        if field in derivable or (field.startswith(OBJECT_FIELDS) and not columns_of(field)):
            continue
        carriers = columns_of(field)
        assert carriers, field
        for table, column in carriers:
            assert tables[table][column.name] == expected(field, value, column.kind), field


@recorded
@here
@each_row
def test_no_column_says_what_the_row_did_not(row: dict[str, Any]) -> None:
    tables, fields = told(row), flat(row)
    for name, table in TABLES.items():
        for column in table.columns:
            if column.source and column.name in tables[name] and column.name not in WORKED_OUT:
                value = fields.get(column.source, fields.get(f"{column.source}.id"))
                if value in ("", "-1", None, "[]"):
                    assert tables[name][column.name] is None, column.name
    assert all(tables[name].get("extra") is None for name in TABLES)


@recorded
@here
@each_row
def test_what_has_no_column_of_its_own_can_be_derived(row: dict[str, Any]) -> None:
    tables = told(row)
    severity = Severity(tables["findings"]["severity"])
    assert str(severity.value) == row["severity"]["id"]
    assert severity.word == row["severity"]["name"].lower()
    if "description" in row["severity"]:
        described = row["severity"]["description"]
        assert described in {f"{row['severity']['name']} Severity", "Informative"}
    # The repository's other attributes are those of GET /repository, kept once in `repositories`.
    assert set(row["repository"]) <= {"id", "name", "description", "dataFormat", "sciID", "uuid"}
    assert tables["findings"]["repository_id"] == int(row["repository"]["id"])
    assert tables["outputs"].get("text") == (row["pluginText"] or None)
    named = row.get("hostUniqueness") or row.get("uniqueness") or None
    assert tables["aliases"]["host_uniqueness"] == named
    if "uniqueness" in row and "hostUniqueness" in row:
        assert row["uniqueness"] == row["hostUniqueness"]


@recorded
@here
@each_row
def test_plugin_info_repeats_what_the_columns_say(row: dict[str, Any]) -> None:
    if "pluginInfo" not in row:
        pytest.skip("this row has none")
    numbers = {"ICMP": 1, "TCP": 6, "UDP": 17, "UNKNOWN": 0}
    tables = told(row)
    finding, plugin = tables["findings"], tables["plugins"]
    place = f"{finding['port']}/{numbers[finding['protocol']]}"
    assert row["pluginInfo"] == f"{finding['plugin_id']} ({place}) {plugin['name']}"


@recorded
@here
@each_row
def test_kev_is_read_from_the_cross_references(row: dict[str, Any]) -> None:
    plugin = told(row)["plugins"]
    assert plugin["kev"] == ("CISA-KNOWN-EXPLOITED" in row["xref"])
