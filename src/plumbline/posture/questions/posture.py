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
    return rows.aggregate(score=score.shown(score.of_scope(rows.extent)), hosts=rows.count())


QUESTION = Question(
    name="score",
    title="The posture score",
    doc="The score of the hosts together; 100 is best. See docs/scoring.md.",
    columns=(
        Heading("score", FieldKind.NUMBER, "0 to 100; empty without a host"),
        number("hosts", "hosts it is made of"),
    ),
    ask=_ask,
)
