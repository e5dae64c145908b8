"""The examples of the documentation are answered."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate

DOC = (Path(__file__).parents[2] / "docs" / "queries.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^plumbline (\w+) (.*)$", DOC, re.MULTILINE)
ROWS = DOC.split("|---|---|\n")[1].split("\n\n")[0].splitlines()
TERMS = [term for row in ROWS for term in re.findall(r"`([^`]+)`", row.split("|")[1])]


@pytest.mark.parametrize("term", TERMS)
def test_every_term_of_the_table_is_understood(term: str, estate: Estate) -> None:
    explore.total(RELATIONS["findings"], estate, parse(term))


@pytest.mark.parametrize(("name", "line"), COMMANDS)
def test_every_command_of_the_examples_is_answered(name: str, line: str, estate: Estate) -> None:
    words = shlex.split(line)
    end = next((n for n, word in enumerate(words) if word.startswith("--")), len(words))
    explore.total(RELATIONS[name], estate, parse(" ".join(words[:end])))


def test_the_examples_are_there() -> None:
    assert len(COMMANDS) >= 7
    assert len(TERMS) >= 20
