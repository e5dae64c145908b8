"""From a filter to one finding, back, and out as a file; the same by keyboard alone."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from served import PASSWORD

if TYPE_CHECKING:
    from sites import Site
    from walk import Walk, Walking

pytestmark = pytest.mark.network
_FOCUS_IS_SEEN = """() => {
    const one = document.activeElement, box = one.getBoundingClientRect();
    const inside = box.bottom > 0 && box.top < innerHeight &&
        box.right > 0 && box.left < innerWidth;
    const marked = (style) => style.boxShadow !== "none" ||
        (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0);
    // Rows and charts mark what is in them.
    return inside && [one, ...one.children].some((each) => marked(getComputedStyle(each)));
}"""
_FOCUSED = "document.activeElement.textContent.trim() || document.activeElement.id"


def test_what_is_filtered_is_what_is_exported(town: Site, walk: Walking) -> None:
    window = walk(town, "viewer")
    page = window.page
    window.open("/findings")
    page.get_by_role("combobox", name="Filter").fill("state:open")
    page.get_by_role("button", name="Filter", exact=True).click()
    window.settle()
    some = _total(window)
    page.locator(".facets").get_by_role("link", name=re.compile("^critical", re.IGNORECASE)).click()
    window.settle()
    assert 0 < _total(window) < some
    assert "severity%3Acritical" in page.url or "severity:critical" in page.url
    before = page.url
    page.locator("tr[data-row] td.name a, tr[data-row] a").first.click()
    expect(page.get_by_role("heading", name="How to fix it")).to_be_visible()
    page.go_back()
    assert page.url == before
    window.settle()
    page.locator("details[data-export] summary").click()
    with page.expect_download() as begun:
        page.get_by_role("link", name="CSV").click()
    with Path(begun.value.path()).open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in csv.reader(file) if line and not line[0].startswith("#")]
    assert len(lines) - 1 == _total(window)


def test_the_keyboard_is_enough(town: Site, walk: Walking) -> None:
    window = walk(town)
    page = window.page
    press = page.keyboard.press
    window.open("/login/")
    _to(window, "id_login")
    page.keyboard.type("fingers")
    press("Tab")
    page.keyboard.type(PASSWORD)
    press("Enter")
    page.wait_for_url(f"{town.url}/")
    window.settle()
    press("g")
    press("f")
    page.wait_for_url("**/findings")
    window.settle()
    press("/")
    assert page.evaluate(_FOCUSED) == "q"
    page.keyboard.type("severity:crit")
    expect(page.get_by_role("option").first).to_be_visible()
    press("ArrowDown")
    press("Enter")
    expect(page.get_by_role("combobox", name="Filter")).to_have_value("severity:critical ")
    press("Enter")
    page.wait_for_url("**/findings?q=severity*")
    window.settle()
    _rows(window)
    _peek(window)
    _menus(window)
    press("Enter")
    expect(page.get_by_role("heading", name="How to fix it")).to_be_visible()


def test_a_connection_is_begun_by_keyboard(town: Site, walk: Walking) -> None:
    window = walk(town, "fingers")
    window.open("/connect")
    _to(window, "id_name")
    window.page.keyboard.type("by-keyboard")
    _to(window, "id_url")
    window.page.keyboard.type("http://127.0.0.1:9")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_role("heading", level=1)).to_contain_text("Allow API keys")
    _to(window, "I have the keys")
    window.page.keyboard.press("Enter")
    expect(window.page.get_by_label("Access key:")).to_be_visible()
    _to(window, "id_access")
    window.page.keyboard.type("0123456789abcdef0123456789abcdef")
    _to(window, "id_secret")
    window.page.keyboard.type("fedcba9876543210fedcba9876543210")
    window.page.keyboard.press("Enter")
    expect(window.page.locator("main")).to_contain_text("It cannot be read yet")


def test_the_skip_link_leads_past_the_menu(town: Site, walk: Walking) -> None:
    window = walk(town, "viewer")
    window.open("/findings")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate(_FOCUSED) == "Skip to the content"
    assert window.page.evaluate(_FOCUS_IS_SEEN)
    window.page.keyboard.press("Enter")
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.querySelector('main').contains(document.activeElement)")


def _rows(window: Walk) -> None:
    page = window.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("tr[data-row]").nth(1)).to_have_class(re.compile("selected"))
    page.keyboard.press("k")
    expect(page.locator("tr[data-row]").nth(0)).to_have_class(re.compile("selected"))
    assert page.evaluate(_FOCUS_IS_SEEN)


def _peek(window: Walk) -> None:
    page = window.page
    page.keyboard.press("o")
    expect(page.locator("#peek")).to_contain_text("How to fix it")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    found = window.judge({"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
    assert not found
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_empty()


def _menus(window: Walk) -> None:
    """Export and help open and close, and leave the focus where it was of use."""
    page = window.page
    page.keyboard.press("e")
    expect(page.locator("details[data-export]")).to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.closest('details[data-export] .body') !== null")
    assert page.evaluate(_FOCUS_IS_SEEN)
    page.keyboard.press("Escape")
    expect(page.locator("details[data-export]")).not_to_have_attribute("open", "")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")


def _to(window: Walk, words: str) -> None:
    """Tab until something has the focus, which has to be seen all the way."""
    for _ in range(60):
        window.page.keyboard.press("Tab")
        assert window.page.evaluate(_FOCUS_IS_SEEN), window.page.evaluate(_FOCUSED)
        if window.page.evaluate("document.activeElement.id") == words:
            return
        if window.page.evaluate(_FOCUSED) == words:
            return
    pytest.fail(f"{words} cannot be reached by keyboard")


def _total(window: Walk) -> int:
    return int(window.page.locator("[data-total]").first.get_attribute("data-total") or "")
