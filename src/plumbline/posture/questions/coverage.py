"""How well are the hosts seen?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from plumbline.posture import bands, consoles
from plumbline.posture.questions.interface import Question, number, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ibis.expr import types as ir

    from plumbline.posture.engine import Estate

_WORDS = bands.words(bands.SEEN)
_NUMBERS = ("hosts", "credentialed", "without_credentials", "not_told")


def _ask(estate: Estate, _: Mapping[str, str]) -> ir.Table:
    hosts = consoles.hosts(estate)
    hosts = hosts.filter(consoles.present(hosts))
    place = bands.place(estate, hosts, "last_seen", bands.SEEN)
    found = hosts.select("credentialed", place=place)
    rows = found.group_by("place").aggregate(
        hosts=found.count(),
        credentialed=found.count(where=found.credentialed),
        without_credentials=found.count(where=~found.credentialed),
        not_told=found.count(where=found.credentialed.isnull()),
    )
    every = ibis.array(list(range(len(_WORDS)))).unnest().name("place").as_table()
    rows = every.left_join(rows, "place", rname="found__{name}").order_by("place")
    word = ibis.cases(*((rows.place == n, band) for n, band in enumerate(_WORDS)))
    return rows.select(word.name("days"), *(rows[n].fill_null(0).name(n) for n in _NUMBERS))


QUESTION = Question(
    name="coverage",
    title="When the hosts were last seen, and how well",
    doc="Hosts by the days since they were last seen, and whether the last scan could log in.",
    columns=(
        text("days", "days since last seen, up to the snapshot"),
        number("hosts", "hosts last seen then"),
        number("credentialed", "of these, scanned with credentials"),
        number("without_credentials", "scanned without"),
        number("not_told", "the console does not tell"),
    ),
    ask=_ask,
)
