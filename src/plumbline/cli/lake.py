"""`plumbline lake`: what is kept on the disk, and what can go."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli import output, session
from plumbline.cli.root import group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from plumbline.config.settings import Settings
    from plumbline.sync.upkeep import Removed

app = group("Look after the lake: how much is kept, and what can go.")

_KEEP = ("keep_all_days", "keep_daily_days", "keep_weekly_days", "keep_monthly_days")
_MB = 1_000_000


@app.command()
def show(*, as_json: output.AsJson = False) -> None:
    """Show which snapshots are kept of each connection, and what they take on the disk."""
    settings = session.ledger()
    found = list(_connections(settings))
    policy = {name: getattr(settings, name) for name in (*_KEEP, "keep_events_days")}
    if as_json:
        output.emit("lake", {"connections": found, "settings": policy})
        return
    headings = ("connection", "snapshots", "first", "last", "files", "MB", "of these unneeded MB")
    output.table(
        headings,
        (
            (
                one["connection"],
                one["snapshots"],
                one["first"],
                one["last"],
                one["files"],
                one["bytes"] / _MB,
                one["unneeded_bytes"] / _MB,
            )
            for one in found
        ),
    )
    output.put()
    output.put(
        "Kept: every snapshot for {keep_all_days} days, one a day for {keep_daily_days}, one a "
        "week for {keep_weekly_days},\none a month for {keep_monthly_days}; events for "
        "{keep_events_days} days. `plumbline lake vacuum` removes the rest.".format(**policy)
    )


def _connections(settings: "Settings") -> "Iterator[dict[str, Any]]":
    from datetime import UTC, datetime  # noqa: PLC0415 - beside the rest

    from plumbline.lake import waste  # noqa: PLC0415 - Arrow, only when called
    from plumbline.ledger import connections, retention, snapshots  # noqa: PLC0415 - the same

    now = datetime.now(UTC)
    for entry in connections.list_all():
        name = entry.connection.name
        kept = snapshots.listing(name)
        folder = settings.lake / name
        pinned = retention.pinned(name, now)
        yield {
            "connection": name,
            "snapshots": len(kept),
            "first": kept[-1].published if kept else None,
            "last": kept[0].published if kept else None,
            "runs": [snapshot.run for snapshot in reversed(kept)],
            "files": sum(1 for _ in folder.rglob("*.parquet")),
            "bytes": waste.size(folder),
            "unneeded_bytes": sum(
                one.size for one in waste.in_tables(settings.lake, name, pinned, now)
            ),
        }


@app.command()
def compact(*, as_json: output.AsJson = False) -> None:
    """Join the small files of the newest snapshots; every snapshot answers as before.

    A run does so by itself when there are many. What was joined goes with the next vacuums.
    """
    settings = session.ledger()
    from plumbline.sync import upkeep  # noqa: PLC0415 - Arrow, only when called

    joined, left = upkeep.compact(settings)
    if as_json:
        output.emit("lake-compact", joined, left)
        return
    _warn(left)
    if not joined:
        output.say("There was nothing to join.")
        return
    output.table(
        ("connection", "table", "files before", "files after"),
        ((one.connection, one.table, one.files_before, one.files_after) for one in joined),
    )


@app.command()
def vacuum(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be given up and removed.")
    ] = False,
    as_json: output.AsJson = False,
) -> None:
    """Give up snapshots past their time, and remove the files that none holds any more.

    Files follow some hours after their snapshot (setting `vacuum_grace_hours`), so that those who
    read it at that time can finish.
    """
    settings = session.ledger()
    from plumbline.sync import upkeep  # noqa: PLC0415 - Arrow, only when called

    removed = upkeep.vacuum(settings, dry_run=dry_run)
    if as_json:
        output.emit("lake-vacuum", _data(removed, dry_run=dry_run), removed.left)
        return
    _warn(removed.left)
    _print(removed, dry_run=dry_run)


def _data(removed: "Removed", *, dry_run: bool) -> dict[str, Any]:
    return {
        "dry_run": dry_run,
        "forgotten": removed.forgotten,
        "removed": [
            {"why": why, "files": files, "bytes": removed.bytes[why]}
            for why, files in sorted(removed.files.items())
        ],
    }


def _print(removed: "Removed", *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    numbers = ", ".join(str(one.run) for one in removed.forgotten)
    if numbers:
        output.put(f"Snapshots {would}given up: {len(removed.forgotten)} (of runs {numbers}).")
    if removed.files:
        output.table(
            ("why", f"files {would}removed", "MB"),
            ((why, n, removed.bytes[why] / _MB) for why, n in sorted(removed.files.items())),
        )
    if not numbers and not removed.files:
        output.say("There was nothing to remove.")


def _warn(left: "Sequence[str]") -> None:
    for text in left:
        output.warn(f"Left for the next time: {text}")
