"""Debian's Chromium without a screen, begun when it is first asked for."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


class Chromium:
    """One browser for many windows.

    While it runs, Playwright keeps a loop of asyncio in this thread, which Django and others
    refuse to work beside: it is closed before tests of other folders go on.
    """

    def __init__(self, pin: str) -> None:
        self._pin = pin
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    @staticmethod
    def program() -> str | None:
        """Where it is installed, if it is."""
        return next(filter(None, map(shutil.which, _NAMES)), None)

    @property
    def browser(self) -> Browser:
        """The browser, running."""
        if self._browser is None:
            self._playwright = sync_playwright().start()
            self._browser = self._playwright.chromium.launch(
                executable_path=self.program(), args=list(self._arguments())
            )
        return self._browser

    def close(self) -> None:
        """End it; it begins anew when it is asked for again."""
        if self._browser is not None:
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()
        self._browser = self._playwright = None

    def _arguments(self) -> tuple[str, ...]:
        own = (
            f"--ignore-certificate-errors-spki-list={self._pin}",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
            "--disable-dev-shm-usage",
        )
        # Its sandbox does not work for root.
        return (*own, "--no-sandbox") if os.geteuid() == 0 else own
