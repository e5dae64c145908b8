"""Somebody's window on a site, which minds whatever goes wrong in it."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Request, Response, WebError
    from sites import Site

expect.set_options(timeout=15_000)
AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
BY_COLOUR = ("color-contrast", "link-in-text-block")
"""The rules whose verdict the theme can change."""
WIDE, NARROW = (1280, 900), (320, 700)
_JUDGE = """async (only) => (await axe.run(document, {runOnly: only, resultTypes: ["violations"]}))
    .violations.flatMap((one) => one.nodes.map((node) =>
        `${one.id}: ${node.target.join(" ")}: ${node.failureSummary.split("\\n")[1]}`))"""
_TOO_WIDE = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    const held = (one) => one.closest(".scroll, dialog, [popover]");
    return [...document.body.querySelectorAll("*")]
        .filter((one) => one.getBoundingClientRect().right > room + 1 && !held(one))
        .map((one) => `wider than the page: ${one.tagName}.${one.className} ${one.id}`)
        .slice(0, 5).concat([`the page is ${document.documentElement.scrollWidth} px wide`]);
}"""
OPEN: list[Walk] = []
"""Every window that is open."""
_LOG = 4_000
_UNFINISHED = ("text/event-stream", "application/json")
_QUIET, _PATIENCE = 0.04, 15.0


class Walking(Protocol):
    """Opens a window on a site, signed in as somebody if a person is named."""

    def __call__(self, site: Site, person: str = "") -> Walk: ...


class Walk:
    """A window of its own, signed in as somebody if a person is named."""

    def __init__(self, browser: Browser, site: Site, person: str = "") -> None:
        self.site = site
        self.troubles: list[str] = []
        self.looked: set[str] = set()
        """Names of the pages that were looked at."""
        self.judges = True
        """Whether to look costs anything; not where the same pages are judged elsewhere."""
        self._host = urlsplit(site.url).netloc
        self._expected: set[int] = set()
        self._under_way: set[Request] = set()
        self.context = browser.new_context(
            storage_state=site.cookies(browser, person) if person else None,
            viewport={"width": WIDE[0], "height": WIDE[1]},
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self.context.set_default_timeout(15_000)
        self.context.on("console", self._hear)
        self.context.on("weberror", self._fail)
        self.context.on("request", self._begin)
        self.context.on("requestfinished", self._end)
        self.context.on("requestfailed", self._end)
        self.context.on("response", self._answer)
        self.page = self.context.new_page()
        OPEN.append(self)

    def close(self) -> None:
        """Close it; what is cut short by that is no trouble."""
        OPEN.remove(self)
        self.context.close()

    def open(self, path: str) -> None:
        """Go to an address of the site and wait until all of it is there."""
        self.page.goto(f"{self.site.url}{path}")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing has been asked for a moment; streams do not count."""
        until, quiet = time.monotonic() + _PATIENCE, 0
        while quiet < 2:
            assert time.monotonic() < until, self._under_way
            self.page.wait_for_timeout(_QUIET * 1000)
            quiet = 0 if self._under_way else quiet + 1

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Answers with these statuses are what is wanted here."""
        self._expected = set(statuses)
        yield
        self.settle()
        self._expected = set()

    def look(self, name: str) -> None:
        """Nothing keeps anybody from using this page, in either theme, or on a narrow screen."""
        self.looked.add(name)
        if not self.judges:
            return
        found = [f"light: {one}" for one in self.judge({"type": "tag", "values": TAGS})]
        self.page.emulate_media(color_scheme="dark")
        by_colour = {"type": "rule", "values": BY_COLOUR}
        found += [f"dark: {one}" for one in self.judge(by_colour)]
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        found += self.page.evaluate(_TOO_WIDE)
        self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        self.troubles += [f"{name}: {one}" for one in found]

    def judge(self, only: dict[str, Any]) -> list[str]:
        """What axe objects to."""
        # By the debugger: the site's own policy would not let a script in.
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE)
        found: list[str] = self.page.evaluate(_JUDGE, only)
        return found

    @property
    def path(self) -> str:
        """Where the window is, without the site."""
        return self.page.url.removeprefix(self.site.url)

    def told(self) -> str:
        """What is seen in it, and what went wrong."""
        words = self.page.locator("body").inner_text(timeout=1000)
        return "\n".join([self.page.url, *self.troubles, words, self.log])

    @property
    def log(self) -> str:
        """What the site told last on stderr."""
        return self.site.log.read_text(encoding="utf-8")[-_LOG:]

    def _hear(self, message: ConsoleMessage) -> None:
        # Of answers that are wanted the browser complains all the same.
        if message.type == "error" and not (self._expected and "Failed to load" in message.text):
            self.troubles.append(f"console: {message.text} {json.dumps(message.location)}")

    def _fail(self, error: WebError) -> None:
        self.troubles.append(f"error: {error.error}")

    def _begin(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and parts.netloc != self._host:
            self.troubles.append(f"went outside: {request.url}")
        if request.headers.get("accept") != "text/event-stream":
            self._under_way.add(request)

    def _end(self, request: Request) -> None:
        self._under_way.discard(request)

    def _answer(self, response: Response) -> None:
        status = response.status
        if status >= 400 and status not in self._expected:
            self.troubles.append(f"{status}: {response.url}")
        # A stream goes on; a completion that comes too late is never read to its end.
        if response.headers.get("content-type", "").split(";")[0] in _UNFINISHED:
            self._under_way.discard(response.request)
