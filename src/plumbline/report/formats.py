"""The formats by name. Light to import: what writes them is imported when one is chosen."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, assert_never

if TYPE_CHECKING:
    from plumbline.report.interface import Screen, Writer


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    """For people, on a terminal."""
    JSON = "json"
    """One object: schema, data, warnings."""
    JSONL = "jsonl"
    """One object a row and line."""
    CSV = "csv"
    """For spreadsheets; nothing in it is taken for a formula."""
    PARQUET = "parquet"
    """Columns with their types, for other engines."""
    XLSX = "xlsx"
    """For spreadsheets, with types, and a sheet that tells what it is."""

    @property
    def is_binary(self) -> bool:
        """Whether it is nothing to show on a terminal."""
        return self in {Format.PARQUET, Format.XLSX}


def writer(chosen: Format, screen: Screen) -> Writer:
    """What writes a format; `screen` is where a table will be looked at."""
    # ruff: noqa: PLC0415 - each format brings its own libraries
    match chosen:
        case Format.TABLE:
            from plumbline.report import table

            return partial(table.write, screen=screen)
        case Format.JSON:
            from plumbline.report import json

            return json.write
        case Format.JSONL:
            from plumbline.report import jsonl

            return jsonl.write
        case Format.CSV:
            from plumbline.report import csv

            return csv.write
        case Format.PARQUET:
            from plumbline.report import parquet

            return parquet.write
        case Format.XLSX:
            from plumbline.report import xlsx

            return xlsx.write
        case _:
            assert_never(chosen)
