"""The named questions, against numbers counted by plain Python."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.questions import QUESTIONS, Question, ask, named
from plumbline.posture.relations import RELATIONS
from small import AS_OF, engine_over

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made

WORDS = [severity.word for severity in sorted(Severity, reverse=True)]
Row = dict[str, Any]


def told(estate: Estate, name: str, *arguments: str) -> list[Row]:
    return list(ask(estate, name, arguments).fetch().to_pylist())


def word(finding: Row) -> str:
    return Severity(finding["severity"]).word


def wants(question: Question) -> bool:
    """Whether it has to be told something first."""
    return any(parameter.default is None for parameter in question.parameters)


OF_SEVERAL = {"across-consoles", "reported-twice"}
"""Asked in test_several.py: no host of this estate is on both consoles."""


@pytest.mark.parametrize(
    "name", [n for n, q in QUESTIONS.items() if n not in OF_SEVERAL and not wants(q)]
)
def test_every_question_answers_in_the_columns_it_declares(
    name: str, estate: Estate, nothing: Estate
) -> None:
    columns = [column.name for column in named(name).columns_of(estate)]
    answer = ask(estate, name).fetch()
    assert answer.column_names == columns
    assert answer.num_rows
    empty = ask(nothing, name).fetch()
    assert empty.schema == answer.schema
    assert not any("decimal" in str(kind) for kind in answer.schema.types)


def test_open_findings_are_counted_by_severity(made: Made, estate: Estate) -> None:
    findings = Counter(word(f) for f in made.open())
    hosts = Counter(w for w, _ in {(word(f), f["host"]) for f in made.open()})
    assert told(estate, "open-by-severity") == [
        {"severity": w, "findings": findings[w], "hosts": hosts[w]} for w in WORDS
    ]


def test_nothing_found_is_told_as_zero(nothing: Estate) -> None:
    assert told(nothing, "open-by-severity") == [
        {"severity": w, "findings": 0, "hosts": 0} for w in WORDS
    ]
    assert {row["total"] for row in told(nothing, "severity-by-age")} == {0}
    assert len(told(nothing, "severity-by-age")) == 8
    assert set(told(nothing, "summary")[0].values()) == {0}
    assert sum(row["hosts"] for row in told(nothing, "coverage")) == 0
    assert told(nothing, "top-hosts") == []


def band(days: int | None, lasts: tuple[int, ...]) -> str:
    if days is None:
        return "not told"
    first = 0
    for last in lasts:
        if days <= last:
            return f"{first}-{last}"
        first = last + 1
    return f">{lasts[-1]}"


def days_since(row: Row, name: str) -> int | None:
    return None if row[name] is None else (AS_OF[row["console"]] - row[name]) // timedelta(days=1)


def test_ages_fall_into_bands_that_add_up(made: Made, estate: Estate) -> None:
    lasts = (7, 30, 60, 90, 180, 365)
    expected = Counter((band(days_since(f, "first_seen"), lasts), word(f)) for f in made.open())
    rows = told(estate, "severity-by-age")
    for row in rows:
        assert {w: row[w] for w in WORDS} == {w: expected[row["days"], w] for w in WORDS}
        assert row["total"] == sum(row[w] for w in WORDS)
    assert sum(row["total"] for row in rows) == len(made.open())
    assert rows[-1]["days"] == "not told"
    assert rows[-1]["total"] > 0


def test_an_age_band_holds_what_the_filter_for_it_finds(estate: Estate) -> None:
    for row in told(estate, "severity-by-age"):
        ages = row["days"].replace("-", "..")
        query = "first_seen:none" if row["days"] == "not told" else f"age:{ages}"
        count = explore.total(RELATIONS["findings"], estate, parse(f"state:open,reopened {query}"))
        assert row["total"] == count


def test_coverage_tells_when_hosts_were_seen_and_how(made: Made, estate: Estate) -> None:
    expected = Counter(
        (band(days_since(h, "last_seen"), (7, 30, 90)), h["credentialed"]) for h in made.of("hosts")
    )
    rows = told(estate, "coverage")
    for row in rows:
        days = row["days"]
        assert row["credentialed"] == expected[days, True]
        assert row["without_credentials"] == expected[days, False]
        assert row["not_told"] == expected[days, None]
        assert row["hosts"] == sum(expected[days, how] for how in (True, False, None))
    assert sum(row["hosts"] for row in rows) == len(made.of("hosts"))


def test_top_hosts_are_sorted_by_risk_and_cut(estate: Estate) -> None:
    rows = told(estate, "top-hosts", "4")
    assert len(rows) == 4
    every = told(estate, "top-hosts", "1000")
    assert rows == every[:4]
    assert [row["risk"] for row in every] == sorted((row["risk"] for row in every), reverse=True)
    assert len(every) < 28, "hosts without an open finding are not among the worst"


def test_repositories_and_families_add_up_to_all_open_findings(made: Made, estate: Estate) -> None:
    for name in ("by-repository", "by-family"):
        rows = told(estate, name)
        assert sum(row["findings"] for row in rows) == len(made.open())
        assert [sum(row[w] for row in rows) for w in WORDS] == [
            sum(word(f) == w for f in made.open()) for w in WORDS
        ]
    hosts = Counter(
        (console, family)
        for console, family, _ in {
            (f["console"], made.plugin(f)["family"] or "", f["host"]) for f in made.open()
        }
    )
    families = {(r["console"], r["family"]): r["hosts"] for r in told(estate, "by-family")}
    assert families == hosts
    repositories = {
        (r["console"], r["repository_id"]): r["hosts"] for r in told(estate, "by-repository")
    }
    assert len(repositories) == 6, "a repository without a finding is told, with 0"
    places = {(f["console"], f["repository_id"], f["host"]) for f in made.open()}
    assert +Counter(repositories) == Counter((c, r) for c, r, _ in places)


def test_the_summary_agrees_with_every_other_answer(made: Made, estate: Estate) -> None:
    (row,) = told(estate, "summary")
    assert row["open"] == len(made.open()) == sum(row[w] for w in WORDS)
    states = Counter(f["state"] for f in made.of("findings"))
    for state in ("reopened", "accepted", "fixed", "vanished", "out_of_sight"):
        assert row[state] == states[state]
    assert row["hosts"] == len(made.of("hosts"))
    assert row["hosts_open"] == len({f["host"] for f in made.open()})
    risky = [f for f in made.open() if made.plugin(f)["kev"] or made.plugin(f)["exploit"]]
    assert row["exploitable"] == len(risky)
    assert row["exploitable"] == sum(r["findings"] for r in told(estate, "exploitable"))
    assert row["kev"] == sum(bool(made.plugin(f)["kev"]) for f in made.open())
    residue = Counter(r["kind"] for r in told(estate, "unaligned"))
    assert row["hosts_in_no_list"] == residue["host in no list"] > 0
    assert row["lists_without_host"] == residue["list without a host"] > 0


def test_a_host_in_two_lists_counts_once_in_a_total(made: Made, estate: Estate) -> None:
    members = Counter((m["console"], m["host"]) for m in made.of("memberships"))
    assert max(members.values()) == 2
    (row,) = told(estate, "summary")
    in_lists = sum(r["findings"] for r in told(estate, "by-list"))
    assert row["open"] == len(made.open()) != in_lists


def test_what_did_not_fall_into_place_comes_with_its_reason(made: Made, estate: Estate) -> None:
    rows = [row for row in told(estate, "unaligned") if row["console"] == "north"]
    reasons = {(row["kind"], row["name"]): row["reason"] for row in rows}
    lists = {name: why for (kind, name), why in reasons.items() if kind == "list without a host"}
    assert lists == {
        "Empty": "it names no address, name or id",
        "Odd": "no line of its definition could be read",
        "Later": "the console has not worked out its addresses yet",
        "Far away": "no known host is in its ranges: 1",
    }
    joined = [row for row in rows if row["kind"] == "host joined across repositories"]
    assert [row["reason"] for row in joined] == ["rule host-uuid joined it in 2 repositories"]
    shared = [row for row in rows if row["kind"] == "address in several repositories"]
    assert [row["subject"] for row in shared] == ["10.9.9.9"]
    listless = {row["subject"] for row in rows if row["kind"] == "host in no list"}
    assert listless == {
        h["host"] for h in made.of("hosts") if h["console"] == "north" and not made.lists_of(h)
    }


@pytest.mark.parametrize("by", ["host", "ip", "dns_name"])
def test_a_host_is_found_by_key_and_by_a_name_of_its_own(
    by: str, made: Made, estate: Estate
) -> None:
    # Addresses are the same on both consoles; the IPv6 one and others are not unique either.
    host = next(h for h in made.of("hosts") if h["console"] == "south" and h["dns_name"])
    if by == "ip":
        with pytest.raises(UsageError, match=host["host"]):
            ask(estate, "host", [host["ip"]])
        return
    rows = told(estate, "host", host[by].upper())
    mine = [f for f in made.of("findings") if f["host"] == host["host"]]
    assert len(rows) == len(mine) > 0
    assert {row["host"] for row in rows} == {host["host"]}


def test_a_plugin_is_told_with_the_hosts_it_is_open_on(made: Made, estate: Estate) -> None:
    rows = told(estate, "plugin", "1003")
    mine = [f for f in made.open() if f["plugin_id"] == 1003]
    assert sorted(row["host"] for row in rows) == sorted(f["host"] for f in mine)


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("tops", [], "top-hosts"),
        ("top-hosts", ["0"], "whole number"),
        ("top-hosts", ["1", "2"], "top-hosts [LIMIT]"),
        ("host", [], "host HOST"),
        ("host", ["nobody"], "plumbline hosts"),
        ("plugin", ["x"], "digits"),
        ("plugin", ["99"], "plumbline plugins"),
    ],
)
def test_a_question_that_does_not_fit_is_refused_with_advice(
    name: str, arguments: list[str], word: str, estate: Estate
) -> None:
    with pytest.raises(UsageError) as caught:
        ask(estate, name, arguments)
    assert word in caught.value.advice


def test_ages_never_look_at_the_clock(made: Made) -> None:
    early = {name: at - timedelta(days=3000) for name, at in AS_OF.items()}
    rows = told(engine_over(made.rows, early), "severity-by-age")
    known = sum(row["total"] for row in rows if row["days"] != "not told")
    assert rows[0]["total"] == known, "seen after the snapshot is 0 days old, never less"


def test_several_threads_ask_one_estate_at_once(made: Made) -> None:
    estate = engine_over(made.rows)
    answers: list[list[Row]] = []

    def work() -> None:
        answers.append(told(estate, "top-hosts") + told(estate, "by-list"))

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    assert all(answer == answers[0] for answer in answers)
