"""A run as it goes on, for whoever watches; started and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from consoles import console

from plumbline.domain.connection import Address, Connection, Keys, Manners
from plumbline.domain.person import Purview, Role
from plumbline.domain.run import RunMode, RunState
from plumbline.ledger import connections, jobs, runs
from plumbline.sync.run import Synchroniser
from plumbline.web import stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from town import Town

    from plumbline.emulator.emulator import Emulator

pytestmark = pytest.mark.network
LISTENS = {"Accept": "text/event-stream"}


def added(found: Emulator) -> None:
    connection = Connection(
        name="lab", address=Address(url=found.url), manners=Manners(page_size=20)
    )
    connections.add(connection, Keys(found.access_key, found.secret_key))


def heard(browser: Any, path: str) -> Iterator[str]:
    answer: Any = browser.get(path, headers=LISTENS)
    assert answer.status_code == 200
    return map(bytes.decode, answer.streaming_content)


class Listening:
    """Looks at the pages while a run reads."""

    def __init__(self, browser: Any) -> None:
        self.browser = browser
        self.seen: list[str] = []

    def stage(self, words: str) -> None:
        """Nothing."""

    def announce(self, counts: Mapping[str, int]) -> None:
        """Nothing."""

    def expect(self, rows: int) -> None:
        """Nothing."""

    def read(self, rows: int) -> None:  # noqa: ARG002 - as a run tells it
        """Listen for one event."""
        run = runs.live("lab")
        assert run is not None
        for path in (f"/runs/{run.number}/live", "/connections/lab/live"):
            answer: Any = self.browser.get(path, headers=LISTENS)
            self.seen.append(next(answer.streaming_content).decode())
            # As a browser that goes away; closing the answer would close the ledger, too.
            answer._iterator.close()


def test_a_run_tells_rows_rate_and_stage_as_it_goes_on(town: Town) -> None:
    browser: Any = town.browser("viewer")
    with console() as found:
        added(found)
        watch = Listening(browser)
        report = Synchroniser(settings=town.settings, progress=watch).run("lab")
    assert report.error is None
    assert len(watch.seen) > 4
    last = watch.seen[-1]
    assert "Reading " in last
    assert "Findings read" in last
    assert "a second" in last
    assert "critical" in last
    told = runs.progress(report.run.number)
    assert told["rows"] > 0
    assert 0 < sum(told["counts"].values()) <= told["expected"]
    after = list(heard(browser, f"/runs/{report.run.number}/live"))
    assert after[-1] == stream.done()
    assert "ended after" in after[0]
    assert "To the overview" in after[0]


def test_a_page_without_scripts_tells_the_same(town: Town) -> None:
    run = runs.start("north", RunMode.FULL)
    told = {"stage": "Reading one", "rows": 50, "expected": 200, "seconds": 5.0, "counts": {}}
    runs.heartbeat(run.number, told)
    page = town.browser("viewer").get(f"/runs/{run.number}/live").content.decode()
    assert "50 of about 200 (25 %)" in page
    assert "10 a second" in page
    assert "about 15 s" in page
    assert '<meta http-equiv="refresh"' in page
    assert "Cancel this run" not in page


def test_a_run_is_asked_for_and_cancelled(town: Town) -> None:
    browser: Any = town.browser("manager")
    assert browser.post("/connections/north/start", {"full": "yes"}).url.endswith("/live")
    job = jobs.find("north")
    assert job is not None
    assert (job.by, job.full) == ("manager", True)
    browser.post("/connections/north/start")
    assert len(jobs.listing("north")) == 1
    browser.post("/connections/north/cancel")
    assert jobs.find("north") is None
    page = browser.get("/connections/north/live").content.decode()
    assert "cancelled by manager" in page


def test_a_run_without_a_job_is_asked_to_stop(town: Town) -> None:
    run = runs.start("north", RunMode.FULL)
    town.browser("manager").post("/connections/north/cancel")
    assert runs.heartbeat(run.number) == "manager"
    runs.finish(run.number, RunState.FAILED, error="It was cancelled.")
    answer = town.browser("manager").post("/connections/north/cancel", follow=True)
    assert "was over already" in answer.content.decode()


def test_watching_takes_no_more_than_its_share_of_threads(town: Town) -> None:
    run = runs.start("north", RunMode.FULL)
    runs.heartbeat(run.number, {"stage": "Reading"})
    browser, path = town.browser("viewer"), f"/runs/{run.number}/live"
    most = town.settings.web_threads // 4
    staying = [heard(browser, path) for _ in range(most)]
    for one in staying:
        assert "Reading" in next(one)
    turned_away = list(heard(browser, path))
    assert len(turned_away) == 1
    assert "Reading" in turned_away[0]
    assert turned_away[0].startswith("retry: ")
    runs.finish(run.number, RunState.FAILED)
    for one in staying:
        assert list(one)[-1] == stream.done()


def test_nobody_watches_what_they_do_not_see(town: Town) -> None:
    name = town.person("partly", Role.VIEWER, Purview(connections=("south",)))
    browser: Any = town.browser(name)
    number = town.runs["north"]
    for path in (f"/runs/{number}/live", "/connections/north/live", "/connections/x/live"):
        assert browser.get(path).status_code == 404
        assert browser.get(path, headers=LISTENS).status_code == 404
    assert town.browser("viewer").post("/connections/north/start").status_code == 403
    assert town.browser("viewer").post("/connections/north/cancel").status_code == 403
