"""From an empty data folder to first numbers; a run watched, cancelled; keys handed over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from authenticator import code
from places import DEMANDED, FIRST_RUN, HAND_OVER, MOVING, WALKED
from playwright.sync_api import Page, expect
from served import PASSWORD
from sites import Site, fresh
from walk import Walk

from plumbline.emulator import Emulator, Estate
from rounds import SOAK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chromium import Chromium
    from sites import Seal
    from walk import Walking

    from postgresql import Database

pytestmark = pytest.mark.network
NAME = "head-office"
_STAYS = "window.stays = true"


@pytest.fixture(scope="module")
def console() -> Iterator[Emulator]:
    """A console that speaks TLS, with a certificate it signed itself."""
    estate = Estate.generated(hosts=4, seed=5, findings_per_host=30)
    with Emulator(estate, http=False) as found:
        yield found


@pytest.fixture(scope="module")
def site(
    chromium: Chromium, seal: Seal, console: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """What `plumbline serve` makes of nothing, led to first numbers by the wizard."""
    with fresh(tmp_path_factory.mktemp("fresh") / "home", seal) as found:
        _lead(chromium, found, console)
        yield found


def _lead(chromium: Chromium, site: Site, console: Emulator, *, judges: bool = True) -> None:
    """From the first link to first numbers."""
    window = Walk(chromium.browser, site)
    window.judges = judges
    _begin(window)
    _connect(window, console)
    _watch(window)
    site.signed["admin"] = window.context.storage_state()
    window.close()
    assert not window.troubles
    assert window.looked == WALKED[FIRST_RUN]


def test_the_overview_tells_first_numbers(site: Site, console: Emulator, walk: Walking) -> None:
    window = walk(site, "admin")
    window.open("/")
    expect(window.page.locator(".freshness")).to_contain_text("agrees with Security Center")
    window.look("overview")
    window.open("/findings?q=state%3Aopen%2Creopened%2Caccepted")
    total = int(window.page.locator("[data-total]").get_attribute("data-total") or "")
    assert total == sum(console.estate.counts(was=False).values())


def test_the_way_is_the_same_with_postgresql(
    chromium: Chromium,
    seal: Seal,
    console: Emulator,
    postgresql: Database,
    tmp_path: Path,
    walk: Walking,
) -> None:
    with fresh(tmp_path / "home", seal, PLUMBLINE_DATABASE_URL=postgresql.url) as site:
        _lead(chromium, site, console, judges=SOAK)
        window = walk(site, "admin")
        window.open("/findings?q=severity%3Ahigh")
        page = window.page
        page.locator("summary", has_text="Views").click()
        page.get_by_label("Save this as").fill("High ones")
        page.get_by_role("button", name="Save", exact=True).click()
        window.open("/views")
        expect(page.locator("main")).to_contain_text("High ones")
        _cancelled(window, console)
    assert not (tmp_path / "home" / "ledger.sqlite3").exists()


def test_who_must_add_a_second_factor_sees_nothing_before(
    seal: Seal, tmp_path: Path, walk: Walking
) -> None:
    with fresh(tmp_path / "home", seal, PLUMBLINE_SECOND_FACTOR="admins") as site:
        window = walk(site)
        page = window.page
        window.open(site.first.removeprefix(site.url))
        _enter(page)
        _heading(page, "Add a second factor")
        window.look("second-factor")
        window.open("/findings")
        _heading(page, "Add a second factor")
        page.get_by_role("link", name="An authenticator app").click()
        secret = page.locator("#authenticator_secret").input_value()
        page.get_by_label("Authenticator code").fill(code(secret))
        page.get_by_role("button", name="Activate").click()
        page.wait_for_url("**/recovery-codes/**")
        window.open("/")
        expect(page.get_by_role("link", name="Set up a connection")).to_be_visible()
        assert window.looked == WALKED[DEMANDED]


def test_a_run_is_started_and_cancelled(site: Site, console: Emulator, walk: Walking) -> None:
    _cancelled(walk(site, "admin"), console)


def _cancelled(window: Walk, console: Emulator) -> None:
    window.open(f"/connections/{NAME}")
    console.set_pace(latency=1)
    window.page.get_by_label("Read everything anew").check()
    window.page.get_by_role("button", name=f"Read {NAME} now").click()
    window.page.evaluate(_STAYS)
    cancel = window.page.get_by_role("button", name="Cancel this run")
    window.look("source-live")
    expect(window.page.locator("main")).to_contain_text(re.compile("run [0-9]+"))
    cancel.click()
    expect(window.page.locator("main")).to_contain_text("ends at its next page")
    console.set_pace()
    expect(window.page.locator("main")).to_contain_text("cancelled by admin")


def test_a_certificate_is_compared_again(site: Site, console: Emulator, walk: Walking) -> None:
    window = walk(site, "admin")
    window.open(f"/connections/{NAME}/address")
    window.look("source-address")
    expect(window.page.get_by_label("Address:")).to_have_value(console.url)
    window.page.get_by_role("button", name="Go on").click()
    _heading(window.page, "Is this the console?")
    window.look("source-trust")
    assert window.looked == WALKED[MOVING]


def test_keys_are_handed_over_once(site: Site, console: Emulator, walk: Walking) -> None:
    window = walk(site, "admin")
    window.open(f"/connections/{NAME}/hand-over")
    window.page.get_by_role("button", name="Make a link").click()
    window.look("source-handover")
    link = window.page.locator("section.secret code").inner_text().removeprefix(site.url)
    theirs = walk(site)
    theirs.open(link)
    theirs.look("hand-over")
    expect(theirs.page.locator("main")).to_contain_text(console.url)
    theirs.page.get_by_label("Access key:").fill(console.access_key)
    theirs.page.get_by_label("Secret key:").fill(console.secret_key)
    theirs.page.get_by_role("button", name="Hand them over").click()
    expect(theirs.page.locator("main")).to_contain_text("The console accepts them")
    theirs.look("hand-over")
    with theirs.expecting(404):
        theirs.open(link)
        expect(theirs.page.get_by_label("Secret key:")).to_have_count(0)
        theirs.look("hand-over")
    assert theirs.looked == WALKED[HAND_OVER]


def _begin(window: Walk) -> None:
    """The first administrator, by the link on the terminal, sets up a connection."""
    window.open(window.site.first.removeprefix(window.site.url))
    window.look("first-link")
    _enter(window.page)
    window.page.get_by_role("link", name="Set up a connection").click()


def _enter(page: Page) -> None:
    """The first administrator gets a password, and signs in with it."""
    page.get_by_label("Name to sign in with:").fill("admin")
    page.get_by_label("Password:").fill(PASSWORD)
    page.get_by_label("The same again:").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.get_by_label("Name:").fill("admin")
    page.get_by_label("Password:").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _connect(window: Walk, console: Emulator) -> None:
    """Each step of the wizard."""
    page = window.page
    _heading(page, "Where is the console?")
    window.look("connect")
    page.get_by_label("Name:").fill(NAME)
    page.get_by_label("Address:").fill(console.url)
    page.get_by_role("button", name="Look at its certificate").click()
    _heading(page, "Is this the console?")
    window.look("connect-trust")
    shown = page.locator("dl.facts code").first.inner_text()
    assert shown.replace(":", "").lower() == console.fingerprint.lower()
    page.get_by_label("This very certificate").check()
    page.get_by_label("I compared the fingerprint").check()
    page.get_by_role("button", name="Trust it").click()
    _heading(page, "Allow API keys")
    window.look("connect-guide")
    page.get_by_role("link", name="I have the keys").click()
    window.look("connect-keys")
    page.get_by_label("Access key:").fill(console.access_key)
    page.get_by_label("Secret key:").fill(console.secret_key)
    page.get_by_role("button", name="Seal them and go on").click()
    _heading(page, "Does it have what is needed?")
    expect(page.locator("main")).to_contain_text("It can be read.")
    assert page.locator("li .check").count() >= 5
    window.look("connect-check")
    page.get_by_role("link", name="Go on").click()
    _heading(page, "What to read, and when")
    window.look("connect-scope")
    # Slow enough to be watched.
    console.set_pace(latency=0.1)
    page.get_by_role("button", name=f"Add {NAME}").click()


def _watch(window: Walk) -> None:
    """The first run reaches its end on the page as it was opened."""
    page = window.page
    page.wait_for_url(f"**/connections/{NAME}/live")
    page.evaluate(_STAYS)
    window.look("source-live")
    expect(page.get_by_label("Findings read").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("What the console counts")
    over = page.get_by_role("link", name="To the overview")
    expect(over).to_be_visible(timeout=60_000)
    assert page.evaluate("window.stays"), "the page was loaded again"
    expect(page.get_by_role("button", name="Cancel this run")).to_be_hidden()
    over.click()
    _heading(page, "Overview")


def _heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
