"""The house stands as it was drawn: its layers, its rooms, and nothing in it too large."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "plumbline"
FILES = sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

ROOMS = {
    "align",
    "cli",
    "config",
    "console",
    "domain",
    "emulator",
    "errors",
    "extract",
    "jobs",
    "lake",
    "ledger",
    "posture",
    "report",
    "sync",
    "tables",
    "web",
}
NOBODYS_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
MOST_LINES = 400
MOST_LINES_A_FUNCTION = 80


def test_imports_point_downwards_only() -> None:
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    told = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"Contracts: {len(_contracts())} kept, 0 broken" in told.stdout


def _contracts() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = PROJECT["tool"]["importlinter"]["contracts"]
    return found


def test_every_room_is_there_and_no_other() -> None:
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert rooms == ROOMS


def test_every_room_has_its_layer() -> None:
    [layers] = [one["layers"] for one in _contracts() if one["type"] == "layers"]
    named = {
        part.strip(" ()").removeprefix("plumbline.") for one in layers for part in one.split("|")
    }
    assert named == ROOMS - {"emulator"}


def test_the_emulator_is_kept_apart_from_every_room() -> None:
    forbidden = [one for one in _contracts() if one["type"] == "forbidden"]
    away = next(one for one in forbidden if one["source_modules"] == ["plumbline.emulator"])
    told = {name.removeprefix("plumbline.") for name in away["forbidden_modules"]}
    assert told >= ROOMS - {"emulator", "domain"}
    towards = next(one for one in forbidden if one["forbidden_modules"] == ["plumbline.emulator"])
    told = {name.removeprefix("plumbline.") for name in towards["source_modules"]}
    assert told >= ROOMS - {"emulator", "cli"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_file_or_function_is_too_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MOST_LINES
    long = {name: lines for name, lines in _functions(text) if lines > MOST_LINES_A_FUNCTION}
    assert long == {}


def _functions(text: str) -> Iterator[tuple[str, int]]:
    """Functions with their lines, their docstrings left out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield node.name, lines - _docstring_lines(node)


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[0]
    if ast.get_docstring(node) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def test_functions_are_short_in_general() -> None:
    lengths = sorted(n for path in FILES for _, n in _functions(path.read_text(encoding="utf-8")))
    assert lengths[len(lengths) // 2] < 10


def test_nothing_bears_a_name_that_says_nothing() -> None:
    names = {path.stem for path in FILES} | {path.parent.name for path in FILES}
    assert not names & NOBODYS_NAMES


def test_every_module_says_what_it_is() -> None:
    silent = [
        p for p in FILES if ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) is None
    ]
    assert silent == []


def test_there_are_no_assertions_in_the_sources() -> None:
    asserting = [
        str(path.relative_to(SOURCE))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert asserting == []


def test_no_test_file_shares_its_name_with_another() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def test_what_is_imported_is_asked_for_by_name() -> None:
    """A library that only another one brings along may be gone with that one's next version."""
    asked = {
        re.split(r"[^A-Za-z0-9._-]", one)[0].lower() for one in PROJECT["project"]["dependencies"]
    }
    brought = packages_distributions()
    for name in {name for path in FILES for name in imported(path)} - sys.stdlib_module_names:
        homes = {home.lower() for home in brought.get(name, ())}
        assert name == "plumbline" or homes & asked, f"{name} comes from {homes or 'nowhere'}"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name.partition(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]
