"""Small inputs that other tools got wrong, each with its right answer, read from a console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from scripted_console import REPORTS, serve

from plumbline.domain.normalise import Note
from plumbline.ledger import evidence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scripted_console import Case

pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(not REPORTS.is_dir(), reason="the cases of bug reports are not here"),
]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    """The case whose file is the parameter."""
    with serve(REPORTS / request.param, tmp_path / "home") as found:
        yield found


def case_of(file: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [file], indirect=True)


@case_of("31-loose-types/case-b.py")
def test_loose_types(case: Case) -> None:
    report = case.sync()
    assert report.error is None
    found = {
        plugin: rest
        for plugin, *rest in case.ask(
            "SELECT plugin_id, severity, port, protocol, epoch(first_seen)::BIGINT, "
            "epoch(last_seen)::BIGINT, state FROM findings WHERE plugin_id IS NOT NULL"
        )
    }
    assert case.ask("SELECT count(*) FROM findings") == [(21,)]
    assert -7 in found
    assert {1: 4, 2: 3, 3: 2}.items() <= {p: rest[0] for p, rest in found.items()}.items()
    assert found[9][3:5] == [1_796_000_000 - 86_400, 1_796_000_000]  # milliseconds
    assert found[8][3:5] == found[11][3:5] == [None, None]
    assert found[14][3:5] == [None, None]  # in a year
    assert (found[12][1:3], found[13][1]) == ([None, "UDP"], None)
    assert {2_147_483_999, 98_000_123} < found.keys()
    scores = dict(case.ask("SELECT plugin_id, (vpr, epss, cvss3, cvss4, kev) FROM plugins"))
    assert scores[6] == (None, 0.9712, None, None, False)
    assert scores[7] == (9.8, 0.9712, None, 9.3, False)
    assert scores[17][4] is True
    odd = {one.kind: one for one in evidence.oddities(report.run.number)}
    assert odd[Note.EPSS_PER_CENT].example.startswith("'97.12' (epssScore, plugin 6 on 192.0.2.10")
    assert odd[Note.TIME_OUTSIDE].count == 2
    assert odd[Note.PROTOCOL_NUMBER].count == odd[Note.PLUGIN_ABSENT].count == 1


@case_of("31-loose-types/case.py")
def test_a_severity_by_name(case: Case) -> None:
    report = case.sync()
    assert report.error is not None  # the console itself counts none of severity None
    odd = {one.kind: one for one in evidence.oddities(report.run.number)}
    assert odd[Note.SEVERITY_BY_NAME].example.startswith("{'id': '', 'name': 'High'")
    assert odd[Note.SEVERITY_UNREADABLE].count >= 1


@case_of("35-repository-types/case.py")
def test_repositories_of_every_type(case: Case) -> None:
    assert case.sync().error is None
    assert case.ask("SELECT count(*) FROM findings") == [(12,)]
    assert case.ask("SELECT count(*) FROM hosts WHERE 4 IN repositories") == [(1,)]
    assert case.ask("SELECT DISTINCT ip FROM findings WHERE repository_id = 4") == [
        ("2001:db8::1",)
    ]


@case_of("36-asset-list-forms/case.py")
def test_asset_lists_in_every_form(case: Case) -> None:
    assert case.sync().error is None
    members = dict(case.ask("SELECT list_id, count(*) FROM memberships GROUP BY ALL"))
    assert members == {
        11: 1, 12: 200, 13: 1, 14: 50, 15: 8, 16: 4, 17: 2, 18: 22, 21: 50, 22: 10
    }  # fmt: skip
    unread = dict(case.ask("SELECT list_id, unparsed FROM asset_lists WHERE len(unparsed) > 0"))
    assert unread[11] == ["10.0.0.10-10.0.0.1"]
    assert unread[20] == ["010.000.000.001"]


@case_of("39-severity-out-of-range/case.py")
def test_severities_out_of_range(case: Case) -> None:
    report = case.sync()
    assert report.error is not None
    odd = {one.kind: one for one in evidence.oddities(report.run.number)}
    assert odd[Note.SEVERITY_UNREADABLE].count == 2
    assert "'Emergency'" in odd[Note.SEVERITY_UNREADABLE].example
