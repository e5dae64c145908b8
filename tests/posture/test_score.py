"""The posture score: bounded, monotone, not swamped, and the same in the engine."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.severity import Severity
from plumbline.posture.questions import ask
from plumbline.posture.risk import Signals, finding_risk
from plumbline.posture.score import VERSION, host_score, scope_score

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made

RISK = st.floats(0, 10)
RISKS = st.lists(RISK, max_size=40)
DOC = Path(__file__).parents[2] / "docs" / "scoring.md"


@given(RISKS)
def test_it_lies_between_0_and_100(risks: list[float]) -> None:
    assert 0 < host_score(risks) <= 100


@given(RISKS, RISK)
def test_a_further_finding_never_raises_it_and_a_fix_never_lowers_it(
    risks: list[float], more: float
) -> None:
    assert host_score([*risks, more]) <= host_score(risks)


@given(RISKS, RISK, RISK)
def test_a_worse_finding_never_raises_it(risks: list[float], one: float, other: float) -> None:
    better, worse = sorted((one, other))
    assert host_score([*risks, worse]) <= host_score([*risks, better])


@given(st.lists(RISKS, min_size=1, max_size=6), st.integers(0, 5), RISK)
def test_no_finding_on_any_host_raises_the_score_of_a_scope(
    hosts: list[list[float]], place: int, more: float
) -> None:
    before = scope_score(hosts)
    chosen = place % len(hosts)
    after = scope_score([[*risks, more] if n == chosen else risks for n, risks in enumerate(hosts)])
    assert before is not None
    assert after is not None
    assert after <= before + 1e-9


def test_informational_findings_do_not_move_it() -> None:
    info = finding_risk(Severity.INFO, Signals())
    assert host_score([9.5, *[info] * 10_000]) == host_score([9.5])
    assert scope_score([]) is None


def test_the_engine_says_the_same(made: Made, estate: Estate) -> None:
    row = ask(estate, "score").fetch().to_pylist()[0]
    risks: dict[str, list[float]] = {host["host"]: [] for host in made.of("hosts")}
    for finding in made.open():
        plugin = made.plugin(finding)
        names = ("vpr", "cvss4", "cvss3", "cvss2", "epss", "kev", "exploit")
        signals = Signals(**{name: plugin[name] for name in names})
        risks[finding["host"]].append(finding_risk(Severity(finding["severity"]), signals))
    expected = scope_score(list(risks.values()))
    assert row["hosts"] == len(risks)
    assert row["score"] == pytest.approx(expected, abs=0.051)


def test_the_example_of_the_documentation_is_right() -> None:
    text = DOC.read_text(encoding="utf-8")
    found = re.search(
        r"extent ([0-9.]+) has the score 100 . e\^\(.[0-9.]+\) = \*\*([0-9.]+)\*\*", text
    )
    assert found
    assert float(found[2]) == pytest.approx(100 * math.exp(-float(found[1])), abs=0.05)
    both = re.search(r"score of both is .* = \*\*([0-9.]+)\*\*", text)
    assert both
    risks = [8.832, 5.1, 7.65, 1.6, 0.0]
    assert float(both[1]) == pytest.approx(scope_score([risks, []]) or 0, abs=0.1)
    assert f"This is version {VERSION} of it" in text


def test_what_the_documentation_says_of_it_is_so() -> None:
    assert host_score([9.0]) == pytest.approx(50, abs=2)
    assert host_score([5.0] * 3) == pytest.approx(83, abs=0.5)
    lacking_80 = [10.0, *[risk_of(math.log(5) - 1)]]
    assert scope_score([lacking_80] * 10 + [[]] * 90) == pytest.approx(100 - 25.3, abs=0.05)


def risk_of(extent: float) -> float:
    """The risk of the only finding that makes an extent."""
    return 10 * float(extent**0.25)


@given(st.lists(RISKS, min_size=1, max_size=6))
def test_a_scope_is_between_its_worst_host_and_the_mean_of_all(hosts: list[list[float]]) -> None:
    told = [host_score(risks) for risks in hosts]
    found = scope_score(hosts)
    assert found is not None
    assert min(told) - 1e-9 <= found <= sum(told) / len(told) + 1e-9


def test_trouble_on_every_host_shows() -> None:
    # One critical finding that is being exploited on each host is no good posture.
    found = scope_score([[9.5]] * 100)
    assert found is not None
    assert found < 50
