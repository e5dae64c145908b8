"""Every page a person can see, in both themes, full and empty, wide and narrow."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from places import CLOSED, EMPTY, MISTAKES, PLACES, UNSEEN, WALKED

if TYPE_CHECKING:
    from sites import Site
    from walk import Walking

pytestmark = pytest.mark.network
VENDOR = Path(__file__).parent / "vendor"


def test_no_page_is_forgotten(town: Site) -> None:
    seen = PLACES.keys() | UNSEEN.keys() | set().union(*WALKED.values())
    there = {name for name, rule in town.names.items() if rule != CLOSED}
    pages = {name for name in there if not name.startswith("api:")}
    assert " ".join(sorted(pages - seen)) == ""
    assert " ".join(sorted(seen - pages)) == ""


@pytest.mark.parametrize("name", PLACES)
def test_a_page_keeps_nobody_out(town: Site, same_window: Walking, name: str) -> None:
    place = PLACES[name]
    window = same_window(town, place.person)
    with window.expecting(place.status):
        window.open(place.path.format(**town.places))
    window.look(name)


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_installation_keeps_nobody_out(
    field: Site, same_window: Walking, path: str
) -> None:
    window = same_window(field, "admin")
    window.open(path)
    window.look(path)


def test_a_mistake_keeps_nobody_out(town: Site, same_window: Walking) -> None:
    window = same_window(town, "viewer")
    for path, status in MISTAKES:
        with window.expecting(status):
            window.open(path)
        window.look(path)


def test_what_others_wrote_is_named_and_unchanged() -> None:
    told = json.loads((VENDOR / "manifest.json").read_text())["files"]
    for one in told:
        assert hashlib.sha256((VENDOR / one["file"]).read_bytes()).hexdigest() == one["sha256"]
        assert one["version"].encode() in (VENDOR / one["file"]).read_bytes()[:100]
        assert (VENDOR / one["licence_file"]).is_file()
    named = {one["file"] for one in told} | {one["licence_file"] for one in told}
    assert {file.name for file in VENDOR.iterdir()} == named | {"manifest.json"}


def test_a_window_minds_what_goes_wrong(town: Site, walk: Walking) -> None:
    window = walk(town)
    window.open("/login/")
    for wrong in (
        "console.error('ouch')",
        "setTimeout(() => { throw new Error('broken'); })",
        "fetch('https://elsewhere.example/').catch(() => 0)",
        "fetch('/nowhere').then((answer) => answer.text())",
        """{
            const image = document.createElement("img");
            image.style.width = "500px";
            document.querySelector("main").append(image);
            document.querySelector("h1").style.color = "#808080";
            document.querySelector("h1").style.background = "#777";
        }""",
    ):
        window.page.evaluate(f"() => {{ {wrong} }}")
    window.settle()
    window.look("login")
    told = "\n".join(window.troubles)
    window.troubles.clear()
    for sign in ("ouch", "broken", "elsewhere.example", "404: ", "image-alt", "wider than"):
        assert sign in told
    assert "light: color-contrast" in told
