"""What leaves the site as a file is what the page showed; weeks that were not read are gaps."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader

from plumbline.domain.finding import Event, Source
from plumbline.domain.person import Purview, Role
from plumbline.domain.proof import Proof
from plumbline.domain.severity import Severity
from plumbline.ledger import audit, evidence
from plumbline.report.charts import spark
from plumbline.web.blocks import drawings, history

if TYPE_CHECKING:
    from django.test import Client
    from town import Town

FILTER = "state:open,reopened severity:critical,high"
SHOWN = {"q": FILTER, "sort": "-port,plugin_name", "columns": "port,plugin_name,severity"}
NUMBERS = {"critical": 1, "high": 2, "medium": 3, "low": 4, "info": 5, "exploitable": 2}


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def pages(made: bytes) -> list[str]:
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    return [re.sub(r"\s+", " ", text) for text in texts]


def spread(made: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(made)) as held:
        return {name: held.read(name).decode() for name in held.namelist()}


def prove(town: Town) -> None:
    """Totals of the north, of which those who see a part are told nothing."""
    source = next(iter(Source))
    proof = Proof(repository_id=1, source=source, severity=Severity.HIGH, ours=7, console=7)
    evidence.record_proofs(town.runs["north"], [proof])


def test_the_report_leaves_as_a_file_named_by_its_day(town: Town) -> None:
    answer = town.browser("viewer").get("/report/executive", {"q": FILTER, "title": "Ours"})
    assert answer.status_code == 200, body(answer)[-500:]
    assert answer["Content-Type"] == "application/pdf"
    named = 'attachment; filename="plumbline-executive-2026-11-10.pdf"'
    assert answer["Content-Disposition"] == named
    assert answer["Cache-Control"] == "no-store"
    first, second = pages(body(answer))
    assert "Ours" in first
    assert "severity:critical,high" in first
    assert "Left out of the filter: state:open,reopened." in first
    assert "these pages show a part of it" in first
    assert "days old" in first + second
    entry = audit.listing(1)[0]
    assert (entry.who, entry.action, entry.detail) == ("viewer", "report", FILTER)


def test_the_pages_lead_to_the_report_about_what_they_show(town: Town) -> None:
    browser = town.browser("viewer")
    assert 'href="/report/executive"' in browser.get("/").content.decode()
    shown = unescape(browser.get("/findings", {"q": "kev:yes"}).content.decode())
    assert "/report/executive?q=kev%3Ayes" in shown
    assert "/report/executive" not in browser.get("/hosts").content.decode()


def test_a_wrong_filter_of_a_report_is_told_in_words(town: Town) -> None:
    answer = town.browser("viewer").get("/report/executive", {"q": "colour:red"})
    assert answer.status_code == 400
    assert b"colour" in answer.content
    assert b"Traceback" not in answer.content


def test_who_sees_a_part_is_told_no_totals_of_the_whole(town: Town) -> None:
    prove(town)
    half = town.browser(town.person("half", Role.VIEWER, Purview.parse(["north/repository/1"])))
    told = [texts(who) for who in (town.browser("viewer"), half)]
    assert ["all 1 totals agree" in one for pair in told for one in pair] == [
        True,
        True,
        False,
        False,
    ]
    assert ["south" in one for pair in told for one in pair] == [True, True, False, False]


def texts(browser: Client) -> tuple[str, str]:
    """What stands in the report, and beside the rows of a spreadsheet."""
    made = spread(body(browser.get("/hosts/export", {"format": "xlsx"})))
    return " ".join(pages(body(browser.get("/report/executive")))), made["xl/worksheets/sheet2.xml"]


def test_a_spreadsheet_holds_what_the_page_shows_in_its_order(town: Town) -> None:
    browser = town.browser("viewer")
    answer = browser.get("/findings/export", {**SHOWN, "format": "xlsx"})
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert answer["Content-Disposition"].endswith('plumbline-findings-2026-11-10.xlsx"')
    made = spread(body(answer))
    cells = re.compile(r"<c [^>]*>(?:<is><t[^>]*>|<v>)([^<]*)")
    lines = made["xl/worksheets/sheet1.xml"].split("<row ")[1:]
    rows = [[unescape(cell) for cell in cells.findall(line) if cell] for line in lines]
    text = body(browser.get("/findings/export", {**SHOWN, "format": "csv"})).decode("utf-8-sig")
    expected = [[cell for cell in row if cell] for row in csv.reader(io.StringIO(text))]
    assert rows == expected
    along = ["host_name", "ip", "cves", "solution"]
    assert rows[0] == ["port", "plugin_name", "severity", *along]
    assert len(rows) > 10
    about = unescape(made["xl/worksheets/sheet2.xml"])
    for told in (FILTER, "-port, plugin_name", "connection north", "as of 2026-11-20"):
        assert told in about


@dataclass
class Told:
    """Answers as a console that was once not read gives them."""

    answers: dict[str, list[dict[str, Any]]]

    def ask(self, question: str, *_: str) -> list[dict[str, Any]]:
        return self.answers[question]


def trend(console: str, days: dict[str, int | None]) -> list[dict[str, Any]]:
    return [
        {"console": console, "day": day, "run": run, **(NUMBERS if run else dict.fromkeys(NUMBERS))}
        for day, run in days.items()
    ]


def test_a_week_in_which_a_known_connection_was_not_read_is_a_gap() -> None:
    a = trend("a", {"2026-11-02": 1, "2026-11-09": 2, "2026-11-16": 3})
    b = trend("b", {"2026-11-02": 4, "2026-11-09": None, "2026-11-16": 5})
    seen: Any = Told({"trend": a + b})
    assert [w.numbers and w.numbers["high"] for w in history.weeks(seen)] == [4, None, 4]
    assert [w.numbers and w.numbers["high"] for w in history.weeks(seen, console="a")] == [2, 2, 2]
    chart = drawings.severities(seen, dict.fromkeys(NUMBERS, 0))
    assert chart
    assert chart.svg.count('class="gap"') == 1
    # The newest week was counted otherwise than what is open now: it is no list's total.
    assert "data-count" not in chart.svg
    assert any("left out" in note for note in chart.notes)


def test_a_week_of_an_older_version_counts_no_exploitable_ones() -> None:
    a = trend("a", {"2026-11-02": 1, "2026-11-09": 2, "2026-11-16": 3})
    b = [
        {**row, "exploitable": None if row["day"] == "2026-11-02" else 5}
        for row in trend("b", {"2026-11-02": 4, "2026-11-09": 5, "2026-11-16": 6})
    ]
    seen: Any = Told({"trend": a + b})
    weeks = history.weeks(seen)
    assert [week.exploitable for week in weeks] == [None, 7, 7]
    assert [week.numbers is None for week in weeks] == [False, False, False]


def test_events_of_a_week_are_whole_or_not_known() -> None:
    events = [event.value for event in Event]
    weeks = ("2026-11-02", "2026-11-09", "2026-11-16")
    rows = [
        {"console": console, "week": week, **dict.fromkeys(events, number)}
        for console, numbers in (("a", (1, 1, 1)), ("b", (1, None, 1)))
        for week, number in zip(weeks, numbers, strict=True)
    ]
    seen: Any = Told({"flow": rows})
    chart = drawings.flow(seen)
    assert chart
    assert [row[1] for row in chart.rows] == [2, None, 2]
    assert chart.svg.count('class="net"') == 2


def test_a_line_is_not_drawn_over_what_is_not_known() -> None:
    assert spark.line([1, 2, None, 3], "open").count('class="path"') == 2
    assert spark.line([1, 2, 3], "open").count('class="path"') == 1
