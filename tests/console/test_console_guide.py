from __future__ import annotations

import shutil
import subprocess

import pytest
from scripted import KEYS, Scripted, ok

from plumbline.console.guide import STEPS, guide_text

TEXT = guide_text()


@pytest.mark.parametrize(
    "needed",
    [
        "System > Configuration",
        "Authentication Settings",
        "Allow API Keys",
        "Submit",
        "Users > Users",
        "API Keys > Generate API Key",
        "The secret is shown this once",
        "kills the old pair",
        "Auditor or Vulnerability Analyst",
        "Full Access",
        "an Administrator sees no findings",
        "plumbline connection test",
        "rotate-keys",
    ],
)
def test_the_guide_says_what_a_customer_needs(needed: str) -> None:
    assert needed in TEXT


def test_steps_are_numbered_and_say_who_does_them() -> None:
    for number, step in enumerate(STEPS, 1):
        assert f"{number}. {step.title} ({step.who})" in TEXT


@pytest.mark.network
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_self_test_sends_the_keys_and_shows_them_to_nobody() -> None:
    (command,) = (step.command for step in STEPS if step.command)
    _, script = command.split("\n", 1)
    assert "$PLUMBLINE" not in script.split("|")[1]
    with Scripted(ok({"username": "plumb"})) as server:
        asked = script.replace("https://CONSOLE", server.url)
        done = subprocess.run(
            ["/bin/sh", "-c", asked],
            env={
                "PLUMBLINE_ACCESS_KEY": KEYS.access,
                "PLUMBLINE_SECRET_KEY": KEYS.secret,
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            check=True,
            timeout=20,
        )
        (only,) = server.asked
    assert only.headers["x-apikey"] == f"accesskey={KEYS.access}; secretkey={KEYS.secret};"
    assert b"plumb" in done.stdout
