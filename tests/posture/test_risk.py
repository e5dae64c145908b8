"""The risk formula: bounded, monotone, and the same in the engine as in plain Python."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.severity import Severity
from plumbline.posture import counts, explore, risk
from plumbline.posture.findings import FINDINGS
from plumbline.posture.hosts import HOSTS
from plumbline.posture.lists import LISTS
from plumbline.posture.risk import (
    HOST_SCALE,
    LIST_SCALE,
    Signals,
    combined_risk,
    finding_risk,
    weighed_risk,
)

if TYPE_CHECKING:
    from plumbline.posture.engine import Estate
    from small import Made

SCORE = st.none() | st.floats(0, 10)
FLAG = st.none() | st.booleans()
SIGNALS = st.builds(
    Signals,
    vpr=SCORE,
    cvss4=SCORE,
    cvss3=SCORE,
    cvss2=SCORE,
    epss=st.none() | st.floats(0, 1),
    kev=FLAG,
    exploit=FLAG,
)
RISKS = st.lists(st.floats(0, 10), max_size=30)
DOC = Path(__file__).parents[2] / "docs" / "scoring.md"


@given(st.sampled_from(Severity), SIGNALS)
def test_a_findings_risk_is_between_0_and_10(severity: Severity, signals: Signals) -> None:
    assert 0 <= finding_risk(severity, signals) <= 10


@given(st.sampled_from(Severity), SIGNALS, st.floats(0, 10))
def test_a_higher_score_never_lowers_the_risk(
    severity: Severity, signals: Signals, score: float
) -> None:
    for name in ("vpr", "cvss4", "cvss3", "cvss2"):
        told = getattr(signals, name)
        if told is not None:
            low, high = sorted((told, score))
            lower = finding_risk(severity, replace(signals, **{name: low}))
            assert lower <= finding_risk(severity, replace(signals, **{name: high}))


@given(st.sampled_from(Severity), SIGNALS, st.floats(0, 1), st.floats(0, 1))
def test_a_likelier_attack_never_lowers_the_risk(
    severity: Severity, signals: Signals, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert finding_risk(severity, replace(signals, epss=low)) <= finding_risk(
        severity, replace(signals, epss=high)
    )
    for name in ("kev", "exploit"):
        without = finding_risk(severity, replace(signals, **{name: False}))
        assert without <= finding_risk(severity, replace(signals, **{name: True}))


@given(SIGNALS)
def test_a_graver_severity_never_lowers_the_risk(signals: Signals) -> None:
    found = [finding_risk(severity, signals) for severity in sorted(Severity)]
    assert found == sorted(found)


def test_an_informational_finding_without_a_score_has_no_risk() -> None:
    assert finding_risk(Severity.INFO, Signals(kev=True, exploit=True, epss=1.0)) == 0
    assert finding_risk(Severity.INFO, Signals(cvss3=5.0)) > 0


def test_what_is_not_supplied_is_not_taken_for_zero() -> None:
    assert finding_risk(Severity.HIGH, Signals()) > finding_risk(Severity.HIGH, Signals(epss=0.0))
    assert finding_risk(Severity.HIGH, Signals()) > finding_risk(Severity.HIGH, Signals(vpr=0.0))


@given(RISKS, st.floats(0, 10), st.sampled_from([HOST_SCALE, LIST_SCALE]))
def test_one_finding_more_never_lowers_what_holds_it(
    risks: list[float], more: float, scale: float
) -> None:
    before = combined_risk(risks, scale)
    after = combined_risk([*risks, more], scale)
    assert 0 <= before <= after + 1e-12
    assert after <= 10
    assert after >= max([*risks, more])


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 10), st.data())
def test_a_worse_finding_never_lowers_what_holds_it(
    risks: list[float], worse: float, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(risks) - 1))
    raised = [*risks]
    raised[place] = max(risks[place], worse)
    assert combined_risk(risks, HOST_SCALE) <= combined_risk(raised, HOST_SCALE) + 1e-12


def test_a_thousand_informational_findings_do_not_move_a_host() -> None:
    assert combined_risk([6.0] + [0.0] * 1000, HOST_SCALE) == combined_risk([6.0], HOST_SCALE)


@given(st.floats(0, 10), st.floats(0, 10), st.none() | st.floats(0, 11))
def test_how_critical_a_host_is_never_turns_the_order_of_what_is_open(
    one: float, other: float, acr: float | None
) -> None:
    low, high = sorted((one, other))
    assert 0 <= weighed_risk(low, acr) <= weighed_risk(high, acr) + 1e-12
    assert weighed_risk(high, acr) <= 10 + 1e-12


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10))
def test_a_more_critical_host_is_never_less_urgent(
    together: float, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert weighed_risk(together, low) <= weighed_risk(together, high) + 1e-12
    assert weighed_risk(together, None) == weighed_risk(together, 5)


def signals_of(plugin: dict[str, Any]) -> Signals:
    return Signals(**{name: plugin[name] for name in risk.INPUTS})


def exact(made: Made, finding: dict[str, Any]) -> float:
    return finding_risk(Severity(finding["severity"]), signals_of(made.plugin(finding)))


def test_the_engine_counts_a_findings_risk_as_plain_python_does(made: Made, estate: Estate) -> None:
    columns = ("console", "finding", "risk")
    rows = explore.page(FINDINGS, estate, explore.Request(columns=columns)).to_pyarrow()
    told = {(r["console"], r["finding"]): r["risk"] for r in rows.to_pylist()}
    expected = {(r["console"], r["finding"]): exact(made, r) for r in made.of("findings")}
    assert told == pytest.approx(expected, abs=0.006)
    assert len({round(value, 2) for value in expected.values()}) > 10


def test_the_engine_counts_hosts_and_lists_as_plain_python_does(made: Made, estate: Estate) -> None:
    by_host: dict[tuple[str, str], list[float]] = {}
    for finding in made.open():
        found = by_host.setdefault((finding["console"], finding["host"]), [])
        found.append(exact(made, finding))
    hosts = {
        (h["console"], h["host"]): weighed_risk(
            combined_risk(by_host.get((h["console"], h["host"]), []), HOST_SCALE), h["acr"]
        )
        for h in made.of("hosts")
    }
    request = explore.Request(columns=("console", "host", "risk"))
    rows = explore.page(HOSTS, estate, request).to_pyarrow().to_pylist()
    assert {(r["console"], r["host"]): r["risk"] for r in rows} == pytest.approx(hosts, abs=0.006)

    lists: dict[tuple[str, int], list[float]] = {}
    for row in made.of("memberships"):
        held = lists.setdefault((row["console"], row["list_id"]), [])
        held.append(hosts[row["console"], row["host"]])
    expected = {
        (r["console"], r["list_id"]): combined_risk(
            lists.get((r["console"], r["list_id"]), []), LIST_SCALE
        )
        for r in made.of("asset_lists")
    }
    request = explore.Request(columns=("console", "id", "risk"))
    rows = explore.page(LISTS, estate, request).to_pyarrow().to_pylist()
    assert {(r["console"], r["id"]): r["risk"] for r in rows} == pytest.approx(expected, abs=0.006)


def test_a_plugin_that_is_not_known_still_leaves_the_severity(estate: Estate) -> None:
    import ibis  # noqa: PLC0415

    null = ibis.null("float64")
    rows = estate.table("hosts").limit(1)
    told = rows.select(r=risk.of_finding(ibis.literal(3), null, null, null)).to_pyarrow()
    assert told["r"][0].as_py() == pytest.approx(finding_risk(Severity.HIGH, Signals()))
    assert counts.WORDS[0] == "critical"


def test_the_example_of_the_documentation_is_right() -> None:
    text = DOC.read_text(encoding="utf-8")
    told = [
        float(number)
        for number in re.findall(r"= \*\*([0-9.]+)\*\*", text.partition("## The posture score")[0])
    ]
    findings = [
        finding_risk(Severity.CRITICAL, Signals(vpr=9.2, cvss3=9.8, epss=0.81, exploit=True)),
        finding_risk(Severity.HIGH, Signals(cvss3=7.5, epss=0.04, exploit=False)),
        finding_risk(Severity.MEDIUM, Signals(cvss3=5.3, kev=True, exploit=True)),
        finding_risk(Severity.LOW, Signals()),
        finding_risk(Severity.INFO, Signals()),
    ]
    host = combined_risk(findings, HOST_SCALE)
    both = combined_risk([host, 4.0], LIST_SCALE)
    expected = [*findings, host, weighed_risk(host, 8), both]
    assert told == [round(number, 2) for number in expected]
    assert math.isclose(risk.VERSION, int(re.findall(r"version (\d+)", text)[0]))
