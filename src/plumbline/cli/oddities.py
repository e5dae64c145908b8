"""What a run changed or could not read, in a line a kind; for `sync` and `import`."""

from __future__ import annotations

from plumbline.cli import output

_MOST = 20


def tell(run: int) -> None:
    """Write a line for each kind on the standard error, the most frequent first."""
    from plumbline.ledger import evidence  # noqa: PLC0415 - Django, only when called

    found = evidence.oddities(run)
    for one in found[:_MOST]:
        example = f", such as {one.example[:200]}" if one.example else ""
        output.say(output.clean(f"  {one.kind}: {one.count:,}{example}"))
    if len(found) > _MOST:
        output.say(f"  … and {len(found) - _MOST:,} more kinds: plumbline run show {run}")
