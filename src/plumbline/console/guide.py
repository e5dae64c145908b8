"""How to switch API keys on and generate a pair, step by step, for the console's own people.

Source: https://docs.tenable.com/security-center/Content/EnableAPIKeys.htm and
https://docs.tenable.com/security-center/Content/GenerateAPIKey.htm.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do, who does it, and the clicks or commands."""

    title: str
    who: str
    actions: tuple[str, ...]
    note: str = ""
    command: str = ""


STEPS: tuple[Step, ...] = (
    Step(
        title="Allow API keys",
        who="an Administrator of the console",
        actions=(
            "Log in to Tenable Security Center.",
            "Open System > Configuration and click the Security tile.",
            "Under Authentication Settings switch Allow API Keys to enabled.",
            "Click Submit.",
        ),
        note="Switching it off later does not delete keys; they sleep until it is on again.",
    ),
    Step(
        title="Make a user for Plumbline alone",
        who="an Administrator, or a Security Manager of the organisation",
        actions=(
            "Open Users > Users and add a user inside the organisation whose findings are meant.",
            "Give it the role Auditor or Vulnerability Analyst; no more is needed.",
            "Put it into a group with Full Access, or one that sees all the hosts meant.",
        ),
        note="Keys can do whatever their user can, and an Administrator sees no findings at all: "
        "it belongs to no organisation. A narrow group gives fewer findings, never an error.",
    ),
    Step(
        title="Generate the keys",
        who="an Administrator, or a user with the same role as Plumbline's user",
        actions=(
            "Open Users > Users and find Plumbline's user.",
            "Right-click its row, or tick its box, and choose API Keys > Generate API Key.",
            "Click Generate.",
            "Copy the access key and the secret key from the window.",
        ),
        note="The secret is shown this once. Generating again or deleting kills the old pair at "
        "once, so never generate for a user whose keys something else uses.",
    ),
    Step(
        title="Try the keys without Plumbline",
        who="whoever holds the keys",
        actions=(
            "Read both keys into the shell without showing them or leaving them in its history.",
            "Ask the console who they belong to; give --cacert FILE for a private authority.",
            "An answer with the user's name means that the keys work.",
        ),
        note="The keys travel on standard input: arguments can be seen by every user of the "
        "machine.",
        command=(
            "read -rs PLUMBLINE_ACCESS_KEY; read -rs PLUMBLINE_SECRET_KEY\n"
            "printf 'header = \"x-apikey: accesskey=%s; secretkey=%s;\"\\n' \\\n"
            '  "$PLUMBLINE_ACCESS_KEY" "$PLUMBLINE_SECRET_KEY" |\n'
            "  curl --config - 'https://CONSOLE/rest/currentUser?fields=username,role,group'"
        ),
    ),
    Step(
        title="Hand them to Plumbline",
        who="whoever runs Plumbline",
        actions=(
            "Run plumbline connection add NAME --url https://CONSOLE.",
            "Type both keys when asked, or give them in a file with --keys-file.",
            "Run plumbline connection test NAME.",
            "Delete every other copy of the keys.",
        ),
        note="Plumbline seals the keys before it stores them and never shows them again. To "
        "replace them: generate a new pair, then plumbline connection rotate-keys NAME.",
    ),
)


def guide_text() -> str:
    """All steps as plain text."""
    return "\n\n".join(_step(number, step) for number, step in enumerate(STEPS, 1)) + "\n"


def _step(number: int, step: Step) -> str:
    lines = [f"{number}. {step.title} ({step.who})"]
    lines += [f"   - {action}" for action in step.actions]
    lines += [f"       {line}" for line in step.command.splitlines()]
    lines += [f"   {step.note}"] if step.note else []
    return "\n".join(lines)
