"""Draw docs/images/summary.svg: the summary of a demo, as a terminal shows it."""

from __future__ import annotations

import io
import os
import re
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from plumbline.cli import demo, drawing, session, terminal

TARGET = Path(__file__).parents[1] / "docs" / "images" / "summary.svg"
WIDTH = 120
FORM = re.sub(r"@font-face {{.*?}}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
"""Without the fonts that rich would have fetched from elsewhere."""
FORM = FORM.replace("Fira Code, monospace", "'DejaVu Sans Mono', Menlo, Consolas, monospace")
FORM = FORM.replace("<svg ", '<svg xml:space="preserve" ', 1)
THEME = TerminalTheme(
    background=(14, 20, 32),
    foreground=(222, 227, 234),
    # black, red, green, yellow, blue, magenta, cyan, white; then the bright ones
    normal=[
        (60, 68, 80),
        (246, 137, 106),
        (72, 187, 120),
        (253, 201, 36),
        (99, 159, 243),
        (236, 23, 99),
        (80, 200, 210),
        (200, 205, 212),
    ],
    bright=[
        (135, 143, 155),
        (255, 160, 130),
        (110, 220, 150),
        (255, 220, 100),
        (140, 185, 255),
        (255, 80, 140),
        (120, 225, 235),
        (255, 255, 255),
    ],
)


def main() -> None:
    """Run a demo in a folder of its own and draw what it ended with."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        demo.demo(home=home, weeks=1, no_serve=True)
        os.environ["PLUMBLINE_HOME"] = str(home)
        svg = _drawn()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(svg, encoding="utf-8")
    print(f"drew {TARGET}")


def _drawn() -> str:
    """The summary of the estate in `PLUMBLINE_HOME`, as SVG."""
    estate, _ = session.open_estate()
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    found, fresh = terminal.posture(estate), terminal.freshness(estate)
    for part in drawing.parts(found, fresh, WIDTH, max(estate.as_of.values())):
        console.print(part)
    return console.export_svg(
        title="plumbline summary", theme=THEME, code_format=FORM, unique_id="summary"
    )


if __name__ == "__main__":
    main()
