from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.connection import ConnectionKind
from plumbline.domain.health import HealthState
from plumbline.domain.run import RunMode, RunState
from plumbline.ledger.health import Agreement, Health, Trend
from plumbline.ledger.records import Run
from plumbline.report.prometheus import FAMILIES, GAUGES, render

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SAMPLE = re.compile(
    r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} (-?\d+(?:\.\d+)?(?:e[+-]\d+)?)'
)
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"')


def run(rows: int = 9) -> Run:
    return Run(
        number=3,
        connection="lab",
        mode=RunMode.FULL,
        state=RunState.COMPLETE,
        started=NOON,
        ended=NOON + timedelta(seconds=61.5),
        error="",
        advice="",
        counts={"open": 7},
        requests=12,
        received=34,
        seconds=61.5,
        rows=rows,
    )


def health(name: str = "lab", good: Run | None = None) -> Health:
    return Health(
        connection=name,
        kind=ConnectionKind.CONSOLE,
        state=HealthState.ACTIVE if good else HealthState.ERROR,
        reasons=(),
        as_of=NOON if good else None,
        age=timedelta(hours=1) if good else None,
        fresh_for=timedelta(hours=48),
        last_good=good,
        last_try=good,
        running=None,
        next_at=None,
        failures=0,
        changes={"new": 3, "changed": None} if good else {"new": None},
        findings={"high": 7} if good else {},
        proof=Agreement(agreeing=3, totals=4) if good else Agreement(agreeing=0, totals=0),
        oddities=2 if good else 0,
        trend=Trend(seconds=(61.5,) if good else (), median=None),
    )


def samples(text: str) -> dict[tuple[str, ...], str]:
    """Every sample by its name and the values of its labels; every line must be understood."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP [a-z_]+ \S.*|TYPE [a-z_]+ gauge)", line)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        labels = [value for _, value in LABEL.findall(match[2])]
        assert (match[1], *labels) not in found
        found[(match[1], *labels)] = match[3]
    return found


def test_what_is_known_is_told() -> None:
    found = samples(render([health(good=run())]))
    assert found["plumbline_state", "lab", "active"] == "1"
    assert found["plumbline_state", "lab", "error"] == "0"
    assert found["plumbline_up", "lab"] == "1"
    assert found["plumbline_data_age_seconds", "lab"] == "3600"
    assert found["plumbline_data_timestamp_seconds", "lab"] == str(int(NOON.timestamp()))
    assert found["plumbline_run_duration_seconds", "lab"] == "61.5"
    assert found["plumbline_run_rows", "lab"] == "9"
    assert found["plumbline_findings", "lab", "high"] == "7"
    assert found["plumbline_findings_open", "lab"] == "7"
    assert found["plumbline_run_findings", "lab", "new"] == "3"
    assert found["plumbline_proof_totals", "lab"] == "4"
    assert found["plumbline_proof_disagreements", "lab"] == "1"


def test_what_is_not_known_is_left_out_and_never_told_as_zero() -> None:
    names = {key[0] for key in samples(render([health()]))}
    assert "plumbline_state" in names
    unknown = {"plumbline_up", "plumbline_data_age_seconds", "plumbline_findings_open"}
    assert not unknown & names
    assert ("plumbline_run_findings", "lab", "changed") not in samples(render([health(good=run())]))


def test_every_family_is_told_once_for_all_connections() -> None:
    text = render([health("a", run()), health("b", run())])
    kinds = re.findall(r"# TYPE ([a-z_]+) gauge", text)
    assert len(kinds) == len(set(kinds))
    assert set(kinds) < {one.name for one in (*GAUGES, *FAMILIES)}
    assert text.index('plumbline_up{connection="b"}') < text.index("# HELP plumbline_data_t")


def test_without_connections_there_is_nothing_to_tell() -> None:
    assert render([]) == ""


@given(st.text(min_size=1))
def test_any_name_is_escaped_and_comes_back(name: str) -> None:
    text = render([health(name, run())]).replace("\r", "?")
    found = {
        label
        for line in re.split("\n", text)
        if line.startswith("plumbline_up")
        for label in re.findall(r'connection="((?:[^"\\\n]|\\[\\"n])*)"', line)
    }
    [written] = found
    signs = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
    read = re.sub(r'\\[\\"n]', lambda sign: signs[sign[0]], written)
    assert read == name.replace("\r", "?")


@given(st.integers(0, 2**63))
def test_large_counts_keep_every_digit(rows: int) -> None:
    assert samples(render([health(good=run(rows))]))["plumbline_run_rows", "lab"] == str(rows)
