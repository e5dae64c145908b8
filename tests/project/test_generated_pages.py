"""What the pages say is held to the code: commands, links, pages made from it, and versions."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from plumbline.cli import COMMANDS
from plumbline.cli.root import Promise, root
from plumbline.posture import explore, filters
from plumbline.posture.relations import RELATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from plumbline.posture.engine import Estate

HOME = Path(__file__).parents[2]
PAGES = sorted([*HOME.glob("*.md"), *HOME.glob("docs/**/*.md")])
WRITTEN = [page for page in PAGES if page.name != "commands.md"]
"""The page of commands is made from their help, whose usage lines are no commands."""


def in_blocks(page: Path) -> Iterator[str]:
    """The lines of code blocks that call plumbline."""
    for block in re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
        for line in block.splitlines():
            if found := re.match(r"(?:.*\s|.*/)?(plumbline \S.*)$", line):
                yield found[1]


def in_text(page: Path) -> Iterator[str]:
    """What stands between backquotes and calls plumbline."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    yield from (" ".join(found.split()) for found in re.findall(r"`(plumbline [a-z][^`]*)`", text))


def command_of(words: list[str]) -> tuple[Any, typer.Context, list[str]]:
    """The command that words call, and what is left of them."""
    command: Any = root(COMMANDS)
    context = typer.Context(command, info_name="plumbline")
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words[0]]
        command = command.keep() if isinstance(command, Promise) else command
        context = typer.Context(command, info_name=words[0], parent=context)
        words = words[1:]
    return command, context, words


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_the_commands_in_code_blocks_are_understood_as_they_stand(page: Path) -> None:
    for line in in_blocks(page):
        words = shlex.split(line, comments=True)[1:]
        command, context, rest = command_of(words)
        alone = getattr(command, "invoke_without_command", True)
        assert alone or not hasattr(command, "commands"), f"{line}: no such command"
        command.parse_args(context, rest)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_the_explorer_answers_the_examples(page: Path, estate: Estate) -> None:
    for line in in_blocks(page):
        name, *words = shlex.split(line, comments=True)[1:]
        if name in RELATIONS:
            command, context, rest = command_of([name, *words])
            command.parse_args(context, rest)
            explore.rows(RELATIONS[name], estate, request_of(context.params))


def request_of(given: dict[str, Any]) -> explore.Request:
    return explore.Request(
        query=filters.parse(" ".join(given["query"] or ())),
        columns=tuple(filter(None, (given["columns"] or "").split(","))),
        order=tuple(filter(None, (given["sort"] or "").split(","))),
    )


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_the_commands_in_the_text_exist_with_their_options(page: Path) -> None:
    for text in in_text(page):
        command, context, rest = command_of(text.split()[1:])
        known = {name for param in command.get_params(context) for name in param.opts}
        assert not hasattr(command, "commands") or not rest, f"{text}: no such command"
        options = {word.partition("=")[0] for word in rest if word.startswith("--")}
        assert options <= known | {"--help"}, f"{text}: {options - known}"


def test_the_readme_shows_commands_at_all() -> None:
    assert len(list(in_blocks(HOME / "README.md"))) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert anchor in map(as_anchor, headings), f"{page.name}: {target}"


def as_anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_is_in_the_index() -> None:
    index = (HOME / "docs" / "index.md").read_text()
    for page in (HOME / "docs").glob("**/*.md"):
        name = str(page.relative_to(HOME / "docs"))
        assert name == "index.md" or f"({name})" in index, name


def test_the_pages_made_from_the_code_are_up_to_date() -> None:
    script = str(HOME / "scripts" / "pages.py")
    told = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_picture_fetches_nothing() -> None:
    picture = (HOME / "docs" / "images" / "summary.svg").read_text()
    assert "url(http" not in picture
    assert "@font-face" not in picture


def as_distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9_.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_one_version_of_every_dependency_is_pinned_and_no_index_is_named() -> None:
    told = (HOME / "constraints.txt").read_text()
    pinned = {as_distribution(line) for line in told.splitlines() if "==" in line}
    project = tomllib.loads((HOME / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(word for extra in project["project"]["optional-dependencies"].values() for word in extra),
        *project["build-system"]["requires"],
    ]
    assert {as_distribution(requirement) for requirement in wanted} <= pinned
    assert "://" not in told
    assert "--" not in told
