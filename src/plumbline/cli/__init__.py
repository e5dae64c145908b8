"""The command line: one file a command; parse, wire, print.

A command is added with its file in this package, one line here and one test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    # name, where it is, what it does
    ("demo", "demo:demo", "Try it: an emulated console of three months, in a browser."),
    ("connection", "connection:app", "Set up and test the consoles to read from."),
    ("sync", "sync:sync", "Read consoles and publish what is proven."),
    ("schedule", "schedule:app", "Set when consoles are read without anybody asking."),
    ("worker", "worker:worker", "Do what is scheduled and queued."),
    ("jobs", "jobs:app", "List the jobs of workers, start, cancel and retry them."),
    ("import", "import_:import_", "Take scan results and exports as files."),
    ("serve", "serve:serve", "Serve the web interface, with a worker inside."),
    ("user", "user:app", "Administer who may sign in to the web interface."),
    ("token", "token:app", "Make and revoke tokens for programs."),
    ("audit", "audit:audit", "Show who did what."),
    ("emulate", "emulate:emulate", "Serve a Tenable Security Center 6.6 to try things on."),
    ("summary", "terminal:summary", "Show the posture on one screen."),
    ("findings", "explore:findings", "Explore findings."),
    ("hosts", "explore:hosts", "Explore hosts."),
    ("plugins", "explore:plugins", "Explore plugins."),
    ("lists", "explore:lists", "Explore asset lists."),
    ("ask", "ask:ask", "Ask one of the named questions."),
    ("deadlines", "deadlines:app", "Show and set by when findings should be fixed."),
    ("report", "report:app", "Make a report: the posture on two pages."),
    ("status", "status:status", "Show how every connection is; monitors read its exit code."),
    ("runs", "runs:app", "List the runs; tell what changed between two."),
    ("run", "run:app", "Show one run with its proof."),
    ("secrets", "secrets:app", "Change the keys that seal stored API keys."),
    ("lake", "lake:app", "Look after the lake: how much is kept, and what can go."),
    ("doctor", "doctor:doctor", "Check this installation."),
    ("db", "db:app", "Look after the database."),
)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command (of this process's arguments, if none are given) and exit."""
    from plumbline.cli.edge import guarded  # noqa: PLC0415 - importing this package stays free
    from plumbline.cli.root import NAME, root  # noqa: PLC0415 - the same

    raise SystemExit(guarded(lambda: root(COMMANDS).main(args=args, prog_name=NAME)))
