"""One number a word: command line, API, pages, report and metrics say what the tables hold."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lab import Lab

from blank import settle
from hosted import HOST, hosted
from plumbline.cli import main
from plumbline.config.settings import Settings
from plumbline.domain.connection import Address, Connection, Keys, Scope, WasMode
from plumbline.domain.person import Role
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.lake.engine import Limits, connect, show_files, show_snapshot
from plumbline.ledger import connections, snapshots
from plumbline.tables import FINDINGS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

SEVERITIES = ("critical", "high", "medium", "low", "info")
CHANGES = ("new", "fixed", "reopened", "vanished")
STATES = """
SELECT
  count(*) FILTER (state IN ('open', 'reopened')) AS open,
  count(*) FILTER (state = 'reopened') AS reopened,
  count(*) FILTER (state = 'accepted') AS accepted,
  count(*) FILTER (state = 'fixed') AS fixed,
  count(*) FILTER (state = 'vanished') AS vanished,
  count(DISTINCT host) FILTER (state IN ('open', 'reopened')) AS hosts_open
FROM findings
"""
OPEN = """
SELECT severity, count(*) FROM findings WHERE state IN ('open', 'reopened') GROUP BY severity
"""
EXPLOITABLE = """
SELECT count(*) FROM findings JOIN plugins USING (plugin_id)
WHERE state IN ('open', 'reopened') AND coalesce(exploit OR kev, false)
"""
# From the findings of two snapshots alone: the events that runs noted are not looked at.
CHANGED = """
SELECT
  count(*) FILTER (b.finding IS NULL AND n.state <> 'fixed') AS new,
  count(*) FILTER (n.state = 'fixed' AND b.state IS DISTINCT FROM 'fixed') AS fixed,
  count(*) FILTER (
    b.state = 'fixed' AND n.state IN ('open', 'reopened')
    OR b.state = 'open' AND n.state = 'reopened'
  ) AS reopened,
  count(*) FILTER (n.state = 'vanished' AND b.state IS DISTINCT FROM 'vanished') AS vanished
FROM findings n LEFT JOIN before b USING (finding)
"""


class Figures:
    """One home with its console, asked in every way there is."""

    def __init__(self, lab: Lab, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
        self.lab = lab
        self.client = client
        self._capsys = capsys

    def run(self) -> int:
        report = self.lab.sync()
        assert report.error is None, report.error
        return report.run.number

    def command(self, *args: str) -> str:
        with pytest.raises(SystemExit) as stop:
            main(args)
        told = self._capsys.readouterr()
        assert not stop.value.code, told.err
        return told.out

    def asked(self, *args: str) -> Any:
        return json.loads(self.command(*args, "--json"))["data"]

    def api(self, path: str, **given: object) -> Any:
        answer = self.client.get(f"/api/v1/{path}", {k: str(v) for k, v in given.items()})
        assert answer.status_code == 200, answer.content
        return answer.json()

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.content[-500:]
        return answer.content.decode()

    def total(self, href: str) -> int:
        """The total of the list a link of a page leads to."""
        found = re.search(r'data-total="(\d+)"', self.page(unescape(href)))
        assert found, href
        return int(found[1])

    def lake(self) -> dict[str, Any]:
        """What the tables hold, by plain SQL."""
        newest, *earlier = snapshots.listing("lab")
        engine = connect(Limits(threads=1))
        files = {t.name: newest.tables[t.name].files for t in TABLES}
        show_snapshot(engine, self.lab.settings.lake, files)
        pins = earlier[0].tables[FINDINGS.name].files if earlier else ()
        show_files(
            engine, "before", [str(self.lab.settings.lake / file) for file in pins], FINDINGS
        )
        states = engine.execute(STATES).to_arrow_table().to_pylist()[0]
        severities = dict(engine.execute(OPEN).fetchall())
        [exploitable] = engine.execute(EXPLOITABLE).fetchone() or (0,)
        return {
            **states,
            **{word: severities.get(4 - n, 0) for n, word in enumerate(SEVERITIES)},
            "exploitable": exploitable,
            "changes": engine.execute(CHANGED).to_arrow_table().to_pylist()[0],
            "had": bool(earlier),
        }


@pytest.fixture
def figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Figures]:
    settings = Settings(home=tmp_path / "home", engine_threads=1)
    monkeypatch.setenv("PLUMBLINE_HOME", str(settings.home))
    monkeypatch.setenv("PLUMBLINE_ENGINE_THREADS", "1")
    settle(settings.home)
    estate = Estate.generated(hosts=6, seed=3)
    with Emulator(estate, http=True) as emulator, hosted(settings):
        from plumbline.ledger.people import register  # noqa: PLC0415 - takes the site

        address = Address(url=emulator.url)
        scope = Scope(was=WasMode.INCLUDE)
        keys = Keys(emulator.access_key, emulator.secret_key)
        connections.add(Connection(name="lab", address=address, scope=scope), keys)
        register.add("viewer", Role.VIEWER, by="test")
        yield Figures(Lab(settings, emulator), signed_in("viewer"), capsys)


def signed_in(name: str) -> Client:
    from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415 - takes the site

    client = Client(SERVER_NAME=HOST)
    client.defaults["wsgi.url_scheme"] = "https"
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    client.force_login(PersonRow.objects.get(name=name), backend=backend)
    return client


def totals(figures: Figures, held: dict[str, Any]) -> None:
    """What is so now."""
    whole = {k: v for k, v in held.items() if k not in {"changes", "had"}}
    for source in (
        figures.asked("ask", "summary")[0],
        figures.api("summary")["data"],
        figures.asked("report", "executive")["summary"],
        figures.api("report")["data"]["summary"],
    ):
        assert {name: source[name] for name in whole} == whole
    by_severity = {word: held[word] for word in SEVERITIES}
    asked = figures.asked("ask", "open-by-severity")
    assert {row["severity"]: row["findings"] for row in asked} == by_severity
    trend = figures.asked("ask", "trend")[-1]
    assert {word: trend[word] for word in (*SEVERITIES, "open")} == {
        **by_severity,
        "open": held["open"],
    }
    assert len(figures.asked("findings", "--all")) == held["open"]
    assert len(figures.asked("findings", "--all", "severity:critical")) == held["critical"]
    assert figures.api("findings", limit=1)["total"] == held["open"]
    assert figures.api("findings", limit=1, q="state:reopened")["total"] == held["reopened"]
    facets = figures.api("findings/facets/severity")["data"]
    assert {row["value"]: row["rows"] for row in facets} == {
        word: number for word, number in by_severity.items() if number
    }
    summary = figures.command("summary")
    told = f"{held['open']:,} open on {held['hosts_open']:,} of"
    assert told in summary
    assert f"{held['exploitable']:,} exploitable" in summary
    assert f'\nplumbline_findings_open{{connection="lab"}} {held["open"]}\n' in figures.command(
        "status", "--prometheus"
    )
    assert figures.total("/findings") == held["open"]
    tile = re.search(r"<dt>Critical and high.*?data-count=\"(\d+)\"", figures.page("/"), re.DOTALL)
    assert tile
    assert int(tile[1]) == held["critical"] + held["high"]


def changes(figures: Figures, held: dict[str, Any], run: int) -> None:
    """What has become so with the newest run."""
    noted = held["changes"]
    [counted] = [one["counts"] for one in figures.asked("runs") if one["run"] == run]
    [served] = [one["counts"] for one in figures.api("runs")["data"] if one["run"] == run]
    [status] = figures.asked("status")
    metrics = figures.command("status", "--prometheus")
    for word in CHANGES:
        number = noted[word]
        assert counted[word] == served[word] == status["rows"][word] == number, word
        assert f'change="{word}"}} {number}\n' in metrics
    assert counted["open"] == held["open"]
    if not held["had"]:
        assert figures.asked("report", "executive")["changes"] is None
        return
    assert figures.asked("report", "executive")["changes"] == noted
    assert figures.api("report")["data"]["changes"] == noted
    diff = {row["change"]: row for row in figures.asked("runs", "diff", str(run - 1), str(run))}
    for word, event in (("new", "opened"), *((w, w) for w in CHANGES[1:])):
        assert diff[event]["findings"] == diff[event]["events"] == noted[word]
    sentence(figures, noted, run)
    runs = figures.page("/runs")
    for word in CHANGES:
        assert f"{noted[word]:,}" in runs


def sentence(figures: Figures, noted: dict[str, int], run: int) -> None:
    """The overview's sentence, its base, and the lists behind its numbers."""
    lead = re.search(r'<p class="lead">(.*?)</p>', figures.page("/"), re.DOTALL)
    assert lead
    since = f"run {run - 1}, "
    assert f"Since {since}" in lead[1]
    for word in CHANGES:
        found = re.search(
            rf'<a [^>]*href="([^"]+)"[^>]*data-count="(\d+)"[^>]*>[^<]*</a></strong> {word}',
            lead[1],
        ) or re.search(rf"<strong>(.{{0}})(\d+)</strong> {word}", lead[1])
        assert found, (word, lead[1])
        assert int(found[2]) == noted[word], word
        if found[1]:
            assert figures.total(found[1]) == noted[word], word
    # Arrows of tiles have the same base as the sentence.
    assert set(re.findall(r"<span>since (run \d+, )", figures.page("/"))) == {since}


def riskiest(figures: Figures) -> None:
    """The five riskiest hosts, in one order."""
    wanted = ranked(figures.asked("ask", "top-hosts", "5"))
    assert len(wanted) == 5
    assert ranked(figures.asked("hosts", "--sort", "-risk", "--limit", "5")) == wanted
    assert ranked(figures.api("hosts", sort="-risk", limit=5)["data"]) == wanted
    assert ranked(figures.asked("report", "executive")["hosts"])[:5] == wanted
    block = figures.page("/").split('id="b-hosts"')[1].split("</article>")[0]
    links = re.findall(r'<th scope="row" class="clip"><a href="/hosts/([0-9a-f]+)"', block)
    assert links[:5] == wanted
    listed = re.findall(r'href="/hosts/([0-9a-f]+)"', figures.page("/hosts?sort=-risk"))
    assert list(dict.fromkeys(listed))[:5] == wanted


def ranked(rows: list[dict[str, Any]]) -> list[str]:
    return [row["host"] for row in rows]


def labels(figures: Figures) -> None:
    """What leaves informational findings out says so, and so does its link."""
    page = figures.page("/")
    for part in ("b-time", "b-age", "b-signals"):
        assert "low and above" in page.split(f'id="{part}"')[1].split("</header>")[0], part
    block = page.split('id="b-signals"')[1].split("</article>")[0]
    for href in re.findall(r'href="(/findings[^"]+)"', block):
        query = parse_qs(urlsplit(unescape(href)).query)["q"][0]
        assert "state:active severity:>=low" in query


def test_every_figure_is_what_the_tables_hold_at_three_snapshots(figures: Figures) -> None:
    seen: set[str] = set()
    for days in (0, 9, 30):
        if days:
            figures.lab.emulator.estate.evolve(days)
        run = figures.run()
        held = figures.lake()
        totals(figures, held)
        changes(figures, held, run)
        seen |= {word for word in CHANGES if held["had"] and held["changes"][word]}
    assert seen >= {"new", "fixed", "reopened"}
    riskiest(figures)
    labels(figures)
