from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.cli.keys import gather, parse
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ("a" * 32, "b" * 32)


@pytest.mark.parametrize(
    "text",
    [
        f"{KEYS[0]}\n{KEYS[1]}\n",
        f"\r\n {KEYS[0]} \r\n\r\n{KEYS[1]}",
        f"access={KEYS[0]}\nsecret={KEYS[1]}",
        f"# of the lab\nsecret_key = '{KEYS[1]}'\naccess_key = \"{KEYS[0]}\"\n",
        f"accesskey={KEYS[0]}; secretkey={KEYS[1]};",
        f"ACCESS: {KEYS[0]}\nSECRET: {KEYS[1]}",
    ],
)
def test_keys_are_read_in_every_usual_form(text: str) -> None:
    found = parse(text, "here")
    assert (found.access, found.secret) == KEYS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hush-a",
        "hush-a\nhush-b\nhush-c",
        "access=hush-a",
        "access=hush-a\naccess=hush-b",
        "access=hush-a\nhush-b",
        "access=\nsecret=hush-b",
        "hush a\nhush-b",
        "hush-a\nhush-a",
        "hush-ä\nhush-b",
        "hush-a\n" + "hush" * 100,
    ],
)
def test_what_cannot_be_keys_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text, "here")
    assert "here" in caught.value.what
    assert "hush" not in " ".join(caught.value.lines())


def written(folder: Path, mode: int = 0o600) -> Path:
    file = folder / "keys.txt"
    file.write_text("\n".join(KEYS))
    file.chmod(mode)
    return file


def test_a_keys_file_wins_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_ACCESS_KEY", "x")
    monkeypatch.setenv("PLUMBLINE_SECRET_KEY", "y")
    found, warnings = gather(written(tmp_path), stdin=False)
    assert found.access == KEYS[0]
    assert warnings == []


def test_a_keys_file_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    _, [warning] = gather(written(tmp_path, 0o644), stdin=False)
    assert "chmod 600" in warning


def test_a_keys_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.txt cannot be read"):
        gather(tmp_path / "nowhere.txt", stdin=False)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        gather(tmp_path, stdin=False)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is no text"):
        gather(tmp_path / "binary", stdin=False)


def test_two_ways_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="both given"):
        gather(written(tmp_path), stdin=True)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ("PLUMBLINE_ACCESS_KEY", "PLUMBLINE_SECRET_KEY"),
        ("PLUMBLINE_SECRET_KEY", "PLUMBLINE_ACCESS_KEY"),
    ],
)
def test_half_a_pair_in_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.delenv(missing, raising=False)
    monkeypatch.setenv(given, "hush")
    with pytest.raises(UsageError, match=f"{missing} is not set"):
        gather(None, stdin=False)
