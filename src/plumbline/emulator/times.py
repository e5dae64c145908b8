"""Time values of filters: days ago (`a:b`), epochs (`e1-e2`) and named periods."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from plumbline.emulator.wire import Refusal

DAY = 86_400
_DAYS = re.compile(r"(\d+):(\d+|all)")
_EPOCHS = re.compile(r"(\d{6,12})-(\d{6,12})")


def period(name: str, value: str, now: int, *, epochs: bool = True) -> tuple[int, int]:
    """First and last second that a time filter means.

    Days are periods of 24 hours back from `now`, not calendar days.

    Raises:
        Refusal: 146, with the text of the console, when it is no period or its days are reversed.
    """
    text = value.strip()
    if text in _NAMED:
        return _calendar(text, now)
    if epochs and (match := _EPOCHS.fullmatch(text)):
        return int(match[1]), int(match[2])
    match = _DAYS.fullmatch(text)
    if match is None or (match[2] != "all" and int(match[1]) > int(match[2])):
        raise Refusal(_refusal_text(name), code=146)
    oldest = 0 if match[2] == "all" else max(0, now - int(match[2]) * DAY)
    return oldest, max(-1, now - int(match[1]) * DAY)


def _refusal_text(name: str) -> str:
    return (
        "Invalid parameters specified for vuln query.\n"
        "End day must be later (i.e. less than) than start day. "
        f"Filter '{name}' must be in the following format: <end day>:<start day>\n"
    )


_NAMED = frozenset(
    f"{which}{unit}" for which in ("current", "last") for unit in ("Month", "Quarter", "Year")
)


def _calendar(name: str, now: int) -> tuple[int, int]:
    today = datetime.fromtimestamp(now, tz=UTC)
    months = {"Month": 1, "Quarter": 3, "Year": 12}[re.sub("^(current|last)", "", name)]
    month = (today.month - 1) // months * months + 1
    start = today.replace(month=month, day=1, hour=0, minute=0, second=0, microsecond=0)
    if name.startswith("current"):
        return int(start.timestamp()), now
    end = start
    for _ in range(months):
        start = (start - timedelta(days=1)).replace(day=1)
    return int(start.timestamp()), int(end.timestamp()) - 1
