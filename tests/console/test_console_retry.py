from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console.fault import BrokenError, SlowError, UnansweredError
from plumbline.console.retry import Patience
from plumbline.errors import QueryRefusedError, RefusedError, RetriableError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable


class Trial:
    """Fails as told, then answers; keeps the pauses."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.numbers: list[int] = []
        self.pauses: list[float] = []

    def __call__(self, number: int) -> str:
        self.numbers.append(number)
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    def patience(self, retries: int = 5, dice: Callable[[], float] = lambda: 1.0) -> Patience:
        return Patience(retries=retries, sleep=self.pauses.append, dice=dice)


def test_pauses_double_until_the_answer_comes() -> None:
    trial = Trial(*(BrokenError("x") for _ in range(4)))
    assert trial.patience().persist(trial) == "answer"
    assert trial.pauses == [1, 2, 4, 8]
    assert trial.numbers == [1, 2, 3, 4, 5]


@given(dice=st.floats(min_value=0, max_value=1), failures=st.integers(min_value=1, max_value=40))
def test_a_pause_keeps_between_half_and_whole_of_its_step(dice: float, failures: int) -> None:
    trial = Trial(*(BrokenError("x") for _ in range(failures)))
    trial.patience(retries=50, dice=lambda: dice).persist(trial)
    for number, pause in enumerate(trial.pauses):
        step = min(60.0, 2.0**number)
        assert step / 2 <= pause <= step


@pytest.mark.parametrize(
    "error", [QueryRefusedError("x"), RefusedError("x"), UnreachableError("x")]
)
def test_what_is_final_is_not_asked_again(error: Exception) -> None:
    trial = Trial(error)
    with pytest.raises(type(error)):
        trial.patience().persist(trial)
    assert trial.numbers == [1]


def test_a_spent_budget_ends_with_the_last_error_and_the_count() -> None:
    trial = Trial(*(BrokenError(f"cut {n}", advice="smaller") for n in range(9)))
    with pytest.raises(BrokenError, match=r"cut 2 \(3 attempts\)") as caught:
        trial.patience(retries=2).persist(trial)
    assert caught.value.advice == "smaller"


def test_nobody_answering_ends_as_unreachable() -> None:
    trial = Trial(*(UnansweredError("refused") for _ in range(9)))
    with pytest.raises(UnreachableError, match="refused"):
        trial.patience(retries=1).persist(trial)


def test_timeouts_are_forgiven_once_only() -> None:
    trial = Trial(*(SlowError("slow") for _ in range(9)))
    with pytest.raises(SlowError):
        trial.patience(retries=5).persist(trial)
    assert trial.numbers == [1, 2]


def test_one_call_may_bring_its_own_budget() -> None:
    trial = Trial(BrokenError("x"))
    with pytest.raises(RetriableError):
        trial.patience(retries=5).persist(trial, retries=0)
    assert trial.pauses == []


def test_the_pause_the_console_asks_for_is_kept() -> None:
    trial = Trial(RetriableError("busy", after=17))
    trial.patience(dice=lambda: 0.5).persist(trial)
    assert trial.pauses == [17.5]


def test_a_pause_too_long_to_sit_through_goes_to_the_caller() -> None:
    trial = Trial(RetriableError("busy", after=3600))
    with pytest.raises(RetriableError) as caught:
        trial.patience().persist(trial)
    assert caught.value.after == 3600
    assert trial.pauses == []
