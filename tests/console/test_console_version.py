"""One rule for a console's version, whoever asks."""

from __future__ import annotations

import pytest

from plumbline.console.version import Support, Version, release

SAID = [
    ("6.6.0", "6.6.0", Support.SUPPORTED),
    ("6.6.0-rc1", "", Support.SUPPORTED),
    (" v6.6.2 ", "", Support.SUPPORTED),
    ("Tenable.sc 5.20.1", "", Support.TOLERATED),
    ("", "5.13.0", Support.TOLERATED),
    ("5.12.9", "6.6.0", Support.TOO_OLD),
    ("", "5.8.0", Support.TOO_OLD),
    ("6.6.0", "5.8.0", Support.SUPPORTED),
    ("banana", "5.8.0", Support.TOO_OLD),
    ("banana", "6.6.0", Support.SUPPORTED),
    ("7.1", "", Support.NEWER),
    ("2024.3", "", Support.NEWER),
    ("", "", Support.UNKNOWN),
    ("  ", "\t", Support.UNKNOWN),
    ("banana", "", Support.UNKNOWN),
    ("5", "4", Support.UNKNOWN),
    ("0.0.0", "", Support.UNKNOWN),
    ("-5.8", "", Support.UNKNOWN),
    ("201810303290", "", Support.UNKNOWN),
    ("None", "null", Support.UNKNOWN),
]


@pytest.mark.parametrize(("system", "header", "support"), SAID)
def test_a_version_is_judged_by_what_can_be_read(
    system: str, header: str, support: Support
) -> None:
    assert Version.read(system, header).support is support


def test_an_unknown_version_says_what_the_console_wrote() -> None:
    assert Version.read("banana\n", "").shown == (
        "the console tells no version that can be read ('banana')"
    )
    assert Version.read("", "").shown == "the console tells no version"
    assert len(Version.read("x" * 10_000, "").shown) < 120


def test_the_numbers_of_a_version() -> None:
    assert release("6.5.1-beta") == (6, 5, 1)
    assert release("unknown") == ()
