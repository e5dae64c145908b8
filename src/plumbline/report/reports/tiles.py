"""The numbers at the head of the executive report, and how they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from plumbline.posture.sla import PERIOD_DAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]

SEEN_DAYS = 30
_RECENT = ("0-7", "8-30")
_NEARLY = 99


def tiles(data: Row) -> list[Row]:
    """Every tile, each compared with the run before, which the sentence above them names."""
    before = data["before"]
    made = (_score, _grave, _exploitable, _in_time, _overdue, _seen)
    return [one(data, before) for one in made]


def _tile(label: str, number: float | None, earlier: float | None, more: str, **how: Any) -> Row:
    form, unit, up_is_good = how.get("form", ",.0f"), how.get("unit", ""), how["up_is_good"]
    moved = _delta(number, earlier, how.get("delta", form), up_is_good=up_is_good)
    if moved and unit == "%" and moved["kind"] != "same":
        moved["text"] += " points"
    return {
        "label": label,
        "value": "\N{EN DASH}" if number is None else _whole(number, form, unit),
        "unit": unit,
        "more": more,
        "delta": moved,
    }


def _whole(number: float, form: str, unit: str) -> str:
    """Only all is 100 %, and only none is 0 %."""
    if unit == "%":
        return ">99" if _NEARLY < number < 100 else "<1" if 0 < number < 1 else format(number, form)  # noqa: PLR2004 - percent
    return format(number, form)


def _delta(now: float | None, earlier: float | None, form: str, *, up_is_good: bool) -> Row | None:
    if now is None or earlier is None:
        return None
    by = now - earlier
    text = format(abs(by), form)
    if not float(text.replace(",", "")):
        return {"text": "no change", "kind": "same"}
    good = (by > 0) is up_is_good
    arrow, word = ("▲", "up") if by > 0 else ("▼", "down")
    return {"text": f"{arrow} {word} {text}", "kind": "good" if good else "bad"}


def _of(data: Row | None, read: Callable[[Row], float | None]) -> float | None:
    return read(data) if data is not None else None


def _score(data: Row, before: Row | None) -> Row:
    more = f"of {data['summary']['hosts']:,} hosts together; 100 is best"
    earlier = _of(before, lambda one: one["score"])
    return _tile(
        "Posture score", data["score"], earlier, more,
        form=".0f", delta=".1f", unit="of 100", up_is_good=True,
    )  # fmt: skip


def _grave(data: Row, before: Row | None) -> Row:
    now = data["summary"]
    more = f"{now['critical']:,} critical, {now['high']:,} high"
    earlier = _of(before, lambda one: one["summary"]["critical"] + one["summary"]["high"])
    number = now["critical"] + now["high"]
    return _tile("Open, critical and high", number, earlier, more, up_is_good=False)


def _exploitable(data: Row, before: Row | None) -> Row:
    now = data["summary"]
    earlier = _of(before, lambda one: one["summary"]["exploitable"])
    more = f"{now['kev']:,} known to be exploited (KEV)"
    return _tile("Exploitable", now["exploitable"], earlier, more, up_is_good=False)


def _in_time(data: Row, before: Row | None) -> Row:
    due = sum(row["due"] for row in data["sla"])
    more = f"of {due:,} due in {PERIOD_DAYS} days" if due else "nothing was due"
    number, earlier = compliance(data), _of(before, compliance)
    unit = "%" if number is not None else ""
    return _tile("Fixed in time", number, earlier, more, delta=".1f", unit=unit, up_is_good=True)


def compliance(data: Row) -> float | None:
    """Percent of what was due that was fixed in time."""
    due = sum(row["due"] for row in data["sla"])
    return 100 * sum(row["met"] for row in data["sla"]) / due if due else None


def _overdue(data: Row, before: Row | None) -> Row:
    within = sum(row["within"] for row in data["sla"])
    more = f"{within:,} still within their deadline"
    return _tile("Overdue", _late(data), _of(before, _late), more, up_is_good=False)


def _late(data: Row) -> int:
    return sum(row["overdue"] for row in data["sla"])


def _seen(data: Row, before: Row | None) -> Row:
    number, earlier = seen(data), _of(before, seen)
    older = sum(row["hosts"] for row in data["coverage"]) - _recent(data)
    unit = "%" if number is not None else ""
    return _tile(
        f"Hosts seen in {SEEN_DAYS} days", number, earlier, f"{older:,} were not",
        delta=".1f", unit=unit, up_is_good=True,
    )  # fmt: skip


def seen(data: Row) -> float | None:
    """Percent of hosts seen lately."""
    whole = sum(row["hosts"] for row in data["coverage"])
    return 100 * _recent(data) / whole if whole else None


def _recent(data: Row) -> int:
    return sum(row["hosts"] for row in data["coverage"] if row["days"] in _RECENT)
