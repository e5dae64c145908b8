"""How good is the posture, from 0 to 100?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.posture import consoles, counts, score
from plumbline.posture.questions.interface import Question, number
from plumbline.posture.relation import FieldKind, Heading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    hosts = consoles.hosts(estate)
    hosts = hosts.filter(consoles.present(hosts)).select("host")
    rows = hosts.left_join(counts.by_host(estate), "host", rname="open__{name}")
    each = rows.select(score=score.of_hosts(rows.extent))
    return each.aggregate(score=score.shown(each.score.mean()), hosts=each.count())


QUESTION = Question(
    name="score",
    title="The posture score",
    doc="The mean score of the hosts; 100 is best. See docs/scoring.md.",
    columns=(
        Heading("score", FieldKind.NUMBER, "0 to 100; empty without a host"),
        number("hosts", "hosts it is the mean of"),
    ),
    ask=_ask,
)
