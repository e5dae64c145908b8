"""The executive report: two pages, the numbers of the questions, and nothing that can do harm."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from press_room import pages

from plumbline.errors import FatalError, UsageError
from plumbline.posture import questions
from plumbline.report import reports
from plumbline.report.paper import press, signs
from plumbline.report.reports import executive, words
from plumbline.report.reports.interface import Asked
from plumbline.report.reports.weeks import weeks
from small import AS_OF, engine_over

if TYPE_CHECKING:
    from press_room import Published

    from plumbline.posture.engine import Estate
    from small import Made

pytestmark = pytest.mark.usefixtures("published")

AT = AS_OF["north"]
HOSTILE = (
    '#panic("x")',
    "$x$",
    "*b* _i_ `raw`",
    "[",
    "@label <label>",
    "\\u{41} \\",
    "N" * 10_000,
    "\u202eevil\u05d0\u05d1",
    "\U0001f600\U0001f468\u200d\U0001f469",
    "nul\x00nul",
    '#import "@preview/x:1.0.0"',
    "/etc/passwd",
    "line\nbreak // no comment",
    "= heading",
)


def rows(estate: Estate, name: str, *arguments: str) -> list[dict[str, Any]]:
    return list(questions.ask(estate, name, arguments).fetch().to_pylist())


def test_its_numbers_are_those_of_the_questions(published: Published) -> None:
    found = executive.gather(published.asked())
    estate = published.estate
    asked = {
        "severities": ("open-by-severity",),
        "ages": ("severity-by-age",),
        "sla": ("sla",),
        "fixes": ("time-to-fix",),
        "coverage": ("coverage",),
        "signals": ("vpr-by-epss",),
        "actions": ("top-actions", "8"),
        "hosts": ("top-hosts", "8"),
    }
    for part, (name, *arguments) in asked.items():
        assert found[part] == rows(estate, name, *arguments), part
    assert [found["summary"]] == rows(estate, "summary")
    assert found["score"] == rows(estate, "score")[0]["score"]
    assert found["before"]["summary"]["open"] < found["summary"]["open"]


def test_the_same_numbers_stand_on_two_pages(published: Published) -> None:
    asked = published.asked(title="Quarterly review")
    first, second = pages(reports.pdf("executive", asked))
    summary = rows(published.estate, "summary")[0]
    for number in (summary["critical"] + summary["high"], summary["exploitable"]):
        assert f"{number:,}" in first
    assert "Quarterly review" in first
    for row in rows(published.estate, "open-by-severity"):
        assert f"{row['findings']:,}" in first
    for row in rows(published.estate, "top-hosts", "8"):
        assert row["dns_name"] or row["ip"] in second
    assert f"{sum(row['hosts'] for row in rows(published.estate, 'coverage')):,} hosts" in second


def test_it_is_honest_about_proof(published: Published) -> None:
    first, second = pages(reports.pdf("executive", published.asked(warnings=("south is old",))))
    assert "1 of 2 connections not proven" in first
    assert "all 5 totals agree" in second
    assert "1 of 5 totals differ" in second
    assert "days behind the newest" in second
    assert "south is old" in second


def test_the_same_question_gives_the_same_bytes(published: Published) -> None:
    asked = published.asked("severity:critical,high")
    first, second = (reports.pdf("executive", asked) for _ in range(2))
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


def test_a_query_cuts_every_number(published: Published) -> None:
    found = executive.gather(published.asked("severity:critical"))
    whole = rows(published.estate, "summary")[0]
    assert found["summary"]["open"] == found["summary"]["critical"] == whole["critical"]
    assert found["summary"]["hosts"] <= whole["hosts"]
    assert found["weeks"] == []
    assert len(pages(reports.pdf("executive", published.asked("severity:critical")))) == 2
    with pytest.raises(UsageError, match="colour"):
        reports.pdf("executive", published.asked("colour:red"))


@pytest.mark.parametrize("lacking", [(), ("vpr", "epss", "kev", "exploit")])
def test_what_is_lacking_is_said_and_not_zero(made: Made, lacking: tuple[str, ...]) -> None:
    bare = dict(made.rows)
    bare["plugins"] = [{k: v for k, v in p.items() if k not in lacking} for p in bare["plugins"]]
    _, second = pages(reports.pdf("executive", Asked(estate=engine_over(bare))))
    signals = rows(engine_over(bare), "vpr-by-epss")
    whole = sum(row["findings"] for row in signals)
    missing = sum(row["findings"] for row in signals if row["vpr"] == "not supplied")
    assert (missing == whole) is bool(lacking)
    assert f"VPR for {missing:,} of {whole:,} open findings" in second


def test_an_empty_estate_has_two_pages_as_well(nothing: Estate) -> None:
    _, second = pages(reports.pdf("executive", Asked(estate=engine_over({}, {"new": AT}))))
    assert "no totals to compare with" in second
    for estate in (nothing, engine_over({}, {})):
        first, second = pages(reports.pdf("executive", Asked(estate=estate)))
        assert "Open findings by severity and age" in first
        assert "No host has an open finding" in second
        assert "How sure is this?" in second


def test_text_from_outside_is_never_markup(made: Made) -> None:
    evil = {name: [dict(row) for row in found] for name, found in made.rows.items()}
    for n, row in enumerate(evil["plugins"]):
        row["name"] = HOSTILE[n % len(HOSTILE)]
        row["solution"] = f"{n} {HOSTILE[n % len(HOSTILE)]}"
    for n, row in enumerate(evil["hosts"]):
        row["dns_name"] = row["os"] = HOSTILE[n % len(HOSTILE)]
    asked = Asked(
        estate=engine_over(evil), title=HOSTILE[0], warnings=HOSTILE, query='plugin_name:"#panic()"'
    )
    assert len(pages(reports.pdf("executive", asked))) == 2
    data = executive.gather(Asked(estate=engine_over(evil)))
    data["actions"] = [dict(data["actions"][0], solution=text) for text in HOSTILE[:8]]
    data["hosts"] = [dict(data["hosts"][0], dns_name=text) for text in HOSTILE[6:]]
    found = pages(press.pdf("executive", words.told(data), AT))
    assert len(found) == 2
    for text in HOSTILE[:6]:
        assert " ".join(text.split()) in found[1]
    assert "N" * 20 in found[1]


def test_much_of_everything_stays_on_two_pages(published: Published) -> None:
    data = executive.gather(published.asked(warnings=tuple(f"{'w' * 30} {n}" for n in range(9))))
    one = data["connections"][0]
    data["connections"] = [dict(one, connection=f"{'connection' * 9}{n}") for n in range(12)]
    data["actions"] = [dict(data["actions"][0], solution="Do it. " * 900)] * 8
    data["hosts"] = [dict(data["hosts"][0], dns_name="a" * 300)] * 8
    data["weeks"] = weeks(
        [
            {"console": "x", "day": f"2026-{m:02}-{d:02}", "run": None if m == 3 else m}
            | dict.fromkeys(("critical", "high", "medium", "low", "info", "exploitable"), 10**m)
            for m in range(1, 8)
            for d in (1, 8, 15, 22)
        ]
    )
    found = pages(press.pdf("executive", words.told(data), AT))
    assert len(found) == 2
    assert "and 8 more connections" in found[1]
    assert "and 6 more warnings" in found[1].lower()
    assert "Hatched" in found[0]


def test_a_week_that_was_not_read_is_a_gap() -> None:
    numbers = dict.fromkeys(("critical", "high", "medium", "low", "info", "exploitable"), 1)
    told = weeks(
        [
            {"console": "a", "day": "2026-11-02", "run": 1, **numbers},
            {"console": "a", "day": "2026-11-09", "run": None, **dict.fromkeys(numbers)},
            {"console": "a", "day": "2026-11-16", "run": 3, **numbers},
            {"console": "b", "day": "2026-11-16", "run": 4, **numbers},
        ]
    )
    assert [one["week"] for one in told] == ["2026-11-02", "2026-11-09", "2026-11-16"]
    assert [one["numbers"] and one["numbers"]["high"] for one in told] == [1, None, 2]


def test_text_is_printed_in_signs_the_font_has() -> None:
    assert signs.printable("Zürich Ελλάδα Київ ◆") == "Zürich Ελλάδα Київ ◆"
    assert signs.printable("a\x00b\u202ec\U0001f600") == "a·b\\u202ec?"
    assert signs.printable("x" * 10_000) == "x" * signs.MOST_SIGNS + "…"
    assert signs.all_printable({"a": ["\x07", 1, None]}) == {"a": ["·", 1, None]}


def test_a_page_that_cannot_be_set_is_told_in_words() -> None:
    with pytest.raises(FatalError, match="could not be set") as told:
        press.pdf("no-such-template", {}, AT)
    assert "Traceback" not in told.value.what
    with pytest.raises(FatalError, match="could not be set") as told:
        press.pdf("executive", {"title": "lacks the rest"}, AT)
    assert "Traceback" not in told.value.what


def test_fonts_are_those_of_the_manifest() -> None:
    told = json.loads((signs.FONTS / "manifest.json").read_text())["files"]
    for one in told:
        held = hashlib.sha256((signs.FONTS / one["file"]).read_bytes()).hexdigest()
        assert held == one["sha256"]
        assert one["version"]
        assert one["licence"] == "OFL-1.1"
        assert (signs.FONTS / one["licence_file"]).is_file()
    named = {one["file"] for one in told} | {one["licence_file"] for one in told}
    assert {file.name for file in signs.FONTS.iterdir()} == named | {"manifest.json", "signs.txt"}


def test_every_report_has_a_template_and_can_be_listed() -> None:
    for name, report in reports.REPORTS.items():
        assert report.name == name
        assert report.doc
        assert (signs.FONTS.parent / f"{name}.typ").is_file()
    with pytest.raises(UsageError, match="no report 'x'"):
        reports.named("x")


def test_conditions_on_the_state_are_left_out_and_said_to_be(published: Published) -> None:
    found = executive.gather(published.asked("state:open severity:critical fixed_at:<7d"))
    plain = executive.gather(published.asked("severity:critical"))
    assert found["left_out"] == ["state:open", "fixed_at:<7d"]
    assert {**found, "left_out": []} == plain
    told = words.told(found)
    assert "state:open, fixed_at:<7d" in told["left_out"]
    assert "everything that was read" in told["covers"]
    assert not words.told(executive.gather(published.asked()))["covers"]


def test_a_filter_that_finds_nothing_is_not_told_as_zeros_alone(published: Published) -> None:
    told = words.told(executive.gather(published.asked("name:nothing-of-that-name")))
    assert told["change"].startswith("No finding matches the filter, in any state")


def test_a_part_has_every_finding_that_its_filter_finds(made: Made) -> None:
    bare = dict(made.rows)
    # A scanner may tell neither port nor protocol.
    bare["findings"] = [row | {"port": None, "protocol": None} for row in bare["findings"]]
    wanted = sum(row["severity"] == 4 for row in made.open())
    asked = Asked(estate=engine_over(bare), query="severity:critical")
    assert executive.gather(asked)["summary"]["open"] == wanted


def test_consequence_by_likelihood_has_the_axes_of_the_page(published: Published) -> None:
    told = words.told(executive.gather(published.asked()))["likelihood"]
    assert told["across"][0].startswith("<1%")
    assert told["across"][-1] == told["lines"][-1]["word"] == "not supplied"
    assert told["lines"][0]["word"].startswith("\N{GREATER-THAN OR EQUAL TO}")
