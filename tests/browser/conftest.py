"""One Chromium and one site of each kind for all tests of a process, made when first asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chromium import Chromium
from sites import Seal, Site, served
from walk import OPEN, Walk

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser
    from walk import Walking

_HERE = Path(__file__).parent
_KEPT: list[Chromium] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """Close the browser when the tests go on elsewhere."""
    try:
        return (yield)
    finally:
        if nextitem is None or _HERE not in nextitem.path.parents:
            for one in _KEPT:
                one.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the windows showed when a test failed."""
    report = yield
    if report.failed:
        report.sections += [("Window", one.told()) for one in OPEN]
    return report


@pytest.fixture(scope="session")
def seal(tmp_path_factory: pytest.TempPathFactory) -> Seal:
    return Seal.made(tmp_path_factory.mktemp("seal"))


@pytest.fixture(scope="session")
def chromium(seal: Seal) -> Chromium:
    if Chromium.program() is None:
        pytest.skip("Chromium is not installed; scripts/chromium does that")
    found = Chromium(seal.pin)
    _KEPT.append(found)
    return found


@pytest.fixture
def browser(chromium: Chromium) -> Browser:
    return chromium.browser


@pytest.fixture(scope="session")
def town(
    chromium: Chromium, seal: Seal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site with two consoles that were read, and one that was not yet."""
    assert chromium
    told = {"full": True, "console": "http://127.0.0.1:9", "keys": ["access", "secret"]}
    with served(tmp_path_factory.mktemp("town") / "home", seal, told) as site:
        yield site


@pytest.fixture(scope="session")
def field(
    chromium: Chromium, seal: Seal, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A site without any connection."""
    assert chromium
    with served(tmp_path_factory.mktemp("field") / "home", seal, {"full": False}) as site:
        yield site


@pytest.fixture(scope="module")
def _kept_windows() -> Iterator[dict[tuple[str, str], Walk]]:
    windows: dict[tuple[str, str], Walk] = {}
    yield windows
    for one in windows.values():
        one.close()


@pytest.fixture
def same_window(
    chromium: Chromium, _kept_windows: dict[tuple[str, str], Walk]
) -> Iterator[Walking]:
    """As `walk`, but a person keeps their window for the next test: most of a test's time."""

    def begin(site: Site, person: str = "") -> Walk:
        key = (site.url, person)
        if key not in _kept_windows:
            _kept_windows[key] = Walk(chromium.browser, site, person)
        return _kept_windows[key]

    yield begin
    windows = list(_kept_windows.values())
    troubles = [trouble for one in windows for trouble in one.troubles]
    for one in windows:
        one.troubles.clear()
    assert not troubles, "\n".join(one.log for one in windows)


@pytest.fixture
def walk(browser: Browser) -> Iterator[Walking]:
    """Opens windows, which are closed at the end; nothing may have gone wrong in any."""
    walks: list[Walk] = []

    def begin(site: Site, person: str = "") -> Walk:
        walks.append(Walk(browser, site, person))
        return walks[-1]

    yield begin
    for one in walks:
        one.close()
    assert not [trouble for one in walks for trouble in one.troubles], "\n".join(
        one.log for one in walks
    )
