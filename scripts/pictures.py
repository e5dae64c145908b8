"""Make docs/images: a demo's summary as a terminal shows it, its pages, and its report.

Needs Debian's Chromium. Whatever a demo invents is the same each time; its days are today's.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

import typst
from playwright.sync_api import Page, ViewportSize, sync_playwright
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from plumbline.cli import drawing, report, session, terminal
from plumbline.report import reports
from plumbline.report.paper.setter import HERE
from plumbline.report.paper.signs import all_printable

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = Path(__file__).parents[1] / "docs" / "images"
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


SIZE: ViewportSize = {"width": 1280, "height": 800}
CHROMIUM = "/usr/bin/chromium"
MOST_BYTES, MOST_TOGETHER = 250_000, 1_500_000
PATIENCE = 600
"""Seconds until a demo has to be there."""
_LINK = re.compile(r"^http://\S+/enter/\S+$")
Shot = Callable[[Page], None]


def main() -> None:
    """Run a demo in a folder of its own, draw what it ended with, and look at its pages."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with _demo(home) as link:
            os.environ["PLUMBLINE_HOME"] = str(home)
            (IMAGES / "summary.svg").write_text(_drawn(), encoding="utf-8")
            (IMAGES / "report.png").write_bytes(_report())
            _photograph(link)
    _weigh()


@contextmanager
def _demo(home: Path) -> Iterator[str]:
    """A demo that is served; its link that signs in."""
    command = [sys.executable, "-m", "plumbline", "demo", "--home", str(home), "--no-browser"]
    told = Path(home.parent, "told.txt")
    with told.open("w", encoding="utf-8") as out:
        running = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)  # noqa: S603 - ours
    try:
        yield _link(running, told)
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=60)


def _link(running: subprocess.Popen[bytes], told: Path) -> str:
    for _ in range(PATIENCE):
        lines = told.read_text(encoding="utf-8").splitlines()
        if found := next(filter(_LINK.match, lines), None):
            return found
        if running.poll() is not None:
            raise SystemExit("\n".join(["The demo ended before it was served:", *lines[-5:]]))
        time.sleep(1)
    raise SystemExit(f"The demo was not served within {PATIENCE} seconds.")


def _photograph(link: str) -> None:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE, reduced_motion="reduce", locale="en-GB")
        page = context.new_page()
        page.goto(link)
        page.wait_for_load_state("networkidle")
        for name, (path, theme, then) in SHOTS.items():
            page.emulate_media(color_scheme=theme)
            page.goto(urljoin(link, path))
            page.wait_for_load_state("networkidle")
            then(page)
            page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
        browser.close()


def _as_it_is(_: Page) -> None:
    """Nothing has to be done first."""


def _peek(page: Page) -> None:
    page.locator("[data-peek]").nth(2).click()
    page.locator("#peek h2").wait_for()


def _first(page: Page) -> None:
    """Open what the first row leads to."""
    page.locator("tr[data-row] a").first.click()
    page.wait_for_load_state("networkidle")


SHOTS: dict[str, tuple[str, Literal["light", "dark"], Shot]] = {
    "overview": ("/", "light", _as_it_is),
    "overview-dark": ("/", "dark", _as_it_is),
    "findings": (
        "/findings?q=severity:critical,high+state:active&sort=-age_days",
        "light",
        _peek,
    ),
    "host": ("/hosts", "light", _first),
    "comparison": ("/compare", "dark", _as_it_is),
    "run": ("/runs", "light", _first),
}
"""Each picture: where it is, in which colours, and what is done before it is taken."""


def _report() -> bytes:
    """The first page of the executive report, as the PDF has it."""
    asked = report.about(None, "", "")
    executive = reports.named("executive")
    data = all_printable(executive.told(executive.gather(asked)))
    compiler = typst.Compiler(
        str(HERE / "executive.typ"),
        root=str(HERE),
        font_paths=[str(HERE / "fonts")],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data)},
    )
    made = compiler.compile(format="png", ppi=96)
    if not isinstance(made, list):
        raise SystemExit("The report was not set.")
    return made[0]


def _weigh() -> None:
    """Say what was made; refuse what is too heavy for a repository."""
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.*"))}
    for name, size in sizes.items():
        print(f"{size:>9,} bytes  {name}")
    heavy = [name for name, size in sizes.items() if size > MOST_BYTES]
    if heavy or sum(sizes.values()) > MOST_TOGETHER:
        raise SystemExit(f"Too heavy: {', '.join(heavy) or 'all of them together'}.")


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
