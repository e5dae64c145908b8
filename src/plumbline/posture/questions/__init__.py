"""The named questions. A new one is a file here, a line below and a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plumbline.errors import NotFoundError
from plumbline.posture.questions import (
    actions,
    age,
    coverage,
    exploitable,
    flow,
    paces,
    posture,
    severity,
    signals,
    summary,
    trend,
    unaligned,
)
from plumbline.posture.questions.about import EVENTS, HISTORY, LISTS, NAMES
from plumbline.posture.questions.consoles import ACROSS, TWICE
from plumbline.posture.questions.deadlines import FIXES, SLA
from plumbline.posture.questions.groups import BY_FAMILY, BY_LIST, BY_REPOSITORY
from plumbline.posture.questions.interface import Parameter, Question
from plumbline.posture.questions.one import HOST, PLUGIN
from plumbline.posture.questions.parts import OVERLAP, REPOSITORY_SCORES
from plumbline.posture.questions.tops import TOP_HOSTS, TOP_PLUGINS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plumbline.posture.engine import Estate, Statement

QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        summary.QUESTION,
        posture.QUESTION,
        severity.QUESTION,
        age.QUESTION,
        SLA,
        FIXES,
        paces.QUESTION,
        actions.QUESTION,
        signals.QUESTION,
        TOP_HOSTS,
        TOP_PLUGINS,
        BY_LIST,
        BY_REPOSITORY,
        REPOSITORY_SCORES,
        BY_FAMILY,
        exploitable.QUESTION,
        coverage.QUESTION,
        unaligned.QUESTION,
        ACROSS,
        TWICE,
        trend.QUESTION,
        flow.QUESTION,
        HOST,
        NAMES,
        LISTS,
        EVENTS,
        HISTORY,
        PLUGIN,
        OVERLAP,
    )
}


def named(name: str) -> Question:
    """A question by its name.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return QUESTIONS[name]
    except KeyError:
        raise NotFoundError(
            f"There is no question {name!r}.", advice=f"one of {', '.join(QUESTIONS)}."
        ) from None


def ask(estate: Estate, name: str, given: Sequence[str] = ()) -> Statement:
    """The answer to a question, ready to be run.

    Raises:
        UsageError: the question or one of its arguments does not fit.
    """
    question = named(name)
    arguments = question.arguments(given)
    if question.statement is not None:
        return question.statement(estate, arguments)
    return estate.prepared((name, *arguments.values()), lambda: question.ask(estate, arguments))


__all__ = ["QUESTIONS", "Parameter", "Question", "ask", "named"]
