"""What stands behind "How is this counted?": the commands it names are there."""

from __future__ import annotations

import re
import shlex
from html import unescape
from typing import TYPE_CHECKING

import pytest

from plumbline.cli import COMMANDS
from plumbline.posture import filters
from plumbline.posture.questions import QUESTIONS
from plumbline.posture.relations import RELATIONS
from plumbline.web.blocks.counting import CHARTS

if TYPE_CHECKING:
    from town import Town

_COMMAND = re.compile(r'<pre tabindex="0">(plumbline [^<]+)</pre>')


def check(command: str) -> None:
    """The command is one of ours, and its question or its query can be asked."""
    program, name, *rest = shlex.split(command)
    assert program == "plumbline"
    if name == "ask":
        assert rest[0] in QUESTIONS
        return
    assert name in {one[0] for one in COMMANDS}
    if name in RELATIONS:
        columns = rest[rest.index("--columns") + 1].split(",") if "--columns" in rest else []
        words = [word for word in rest if ":" in word]
        named = [term.name for term in filters.parse(" ".join(words)).terms]
        for field in [*columns, *named]:
            assert RELATIONS[name].field(field).doc


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_tells_how_it_is_counted(name: str) -> None:
    assert CHARTS[name].how.endswith(".")
    check(CHARTS[name].command)


def test_every_tile_and_every_chart_of_the_overview_tells_it(town: Town) -> None:
    text = town.browser("viewer").get("/").content.decode()
    commands = [unescape(one) for one in _COMMAND.findall(text)]
    for command in commands:
        check(command)
    assert len(commands) == text.count('<details class="how">') >= 15
