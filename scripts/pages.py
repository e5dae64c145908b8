"""Make the pages of docs that are derived from the code; `--check` only tells which are stale."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

# Typer would fit its text to whatever terminal this runs in.
os.environ |= {"NO_COLOR": "1", "TERM": "dumb"}
from plumbline.cli import COMMANDS
from plumbline.cli.root import NAME, Promise, root
from plumbline.config.table import markdown as settings
from plumbline.emulator import FAULTS
from plumbline.tables import TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[1] / "docs"
WIDTH = 96

COMMANDS_HEAD = """\
# Commands

Made from the code; `make docs` renews it.

stdout carries data, stderr everything else; progress bars show only on a terminal. With `--json` a
command prints one object `{"schema": "plumbline/<name>/1", "data": …, "warnings": […]}`. The exit
codes are in the [README](../README.md#exit-codes).
"""

DATA_HEAD = """\
# Data

Made from the code; `make docs` renews it.

The lake lies in `lake` in the data folder, one Delta table a dataset. Times are UTC. What the
console does not tell (`-1`, an empty text) is null, never 0. `plumbline findings`, `hosts`,
`plugins`, `lists` and `ask` look at one published snapshot. Whatever reads Delta can read the files
as well, but has to take the versions that the ledger pinned to a run
([decision 1](decisions/0001-delta-tables-pinned-in-the-ledger.md)).

The last column names the console's field.
"""

FAULTS_HEAD = """\
# Faults of the emulator

Made from the code; `make docs` renews it.

`plumbline emulate --fault NAME[:ARG]` begins one, `POST /emulator/fault?name=NAME[:ARG]` another
while it runs. Where the argument is a count, it is a number, `once`, `always` or a time (`60s`),
and only requests to `/rest/analysis` are counted, unless the fault is one of every request.

| fault | what goes wrong |
|---|---|
"""


def commands() -> str:
    """The page of commands: the help of each, one after the other."""
    group = root(COMMANDS)
    # How completion is offered depends on the shell this runs in.
    group.params = [param for param in group.params if "completion" not in str(param.name)]
    top = typer.Context(group, info_name=NAME, terminal_width=WIDTH)
    parts = [f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in _helps(group, top)]
    return COMMANDS_HEAD + "".join(parts)


def _helps(command: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    lines = command.get_help(context).splitlines()
    yield context.command_path, "\n".join(line.rstrip() for line in lines).strip("\n")
    for name, child in getattr(command, "commands", {}).items():
        kept = child.keep() if isinstance(child, Promise) else child
        yield from _helps(kept, typer.Context(kept, parent=context, info_name=name))


def data() -> str:
    """The page of tables: what each column means and where it comes from."""
    return DATA_HEAD + "".join(map(_table, TABLES))


def _table(table: Table) -> str:
    keys = ", ".join(f"`{name}`" for name in table.key)
    head = f"\n## {table.name}\n\n{table.doc} Key: {keys}.\n\n"
    rows = "".join(
        f"| `{column.name}` | {column.kind} | {_cell(column.doc)} | {_code(column.source)} |\n"
        for column in table.columns
    )
    return f"{head}| column | type | meaning | console |\n|---|---|---|---|\n{rows}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    return f"`{_cell(text)}`" if text else ""


def faults() -> str:
    """The page of the emulator's faults."""
    rows = (f"| `{name}` | {_cell(_summary(fault))} |\n" for name, fault in FAULTS.items())
    return FAULTS_HEAD + "".join(rows)


def _summary(fault: type) -> str:
    return " ".join((fault.__doc__ or "").split("\n\n")[0].split())


PAGES = {"commands.md": commands, "data.md": data, "faults.md": faults, "settings.md": settings}


def main() -> int:
    """Write the pages, or with `--check` tell which differ; 1 if one does."""
    stale = [name for name, make in PAGES.items() if _text(DOCS / name) != make()]
    if "--check" in sys.argv[1:]:
        for name in stale:
            print(f"docs/{name} is not up to date: make docs")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"renewed docs/{name}")
    return 0


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
