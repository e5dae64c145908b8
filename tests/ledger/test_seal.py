from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from plumbline.domain.connection import Address, Connection, Keys
from plumbline.errors import ConfigurationError
from plumbline.ledger import connections, seal
from plumbline.ledger.opening import open_ledger

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

ADD = """
import sys
from pathlib import Path
from plumbline.config.settings import Settings
from plumbline.ledger.opening import open_ledger
from plumbline.ledger import connections
from plumbline.domain.connection import Address, Connection, Keys
open_ledger(Settings(home=Path(sys.argv[1]), database_url=sys.argv[2]))
for number in range(5):
    name = f"c{sys.argv[3]}-{number}"
    connections.add(Connection(name=name, address=Address(url="https://x")), Keys(name, name))
"""


def new_key() -> str:
    return Fernet.generate_key().decode()


@pytest.mark.usefixtures("lab")
def test_the_key_file_is_for_its_owner_alone(settings: Settings) -> None:
    assert settings.key_path.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_may_read_is_refused(settings: Settings, mode: int) -> None:
    settings.key_path.chmod(mode)
    with pytest.raises(ConfigurationError, match="by others") as caught:
        connections.get_keys("lab")
    assert "chmod 600" in caught.value.advice


@pytest.mark.usefixtures("lab")
def test_a_missing_key_file_is_not_silently_made_anew(settings: Settings) -> None:
    settings.key_path.unlink()
    with pytest.raises(ConfigurationError, match="missing") as caught:
        connections.get_keys("lab")
    assert "rotate-keys" in caught.value.advice
    assert not settings.key_path.exists()


@pytest.mark.usefixtures("lab")
def test_a_wrong_key_is_told_apart_from_a_broken_one(settings: Settings) -> None:
    settings.key_path.write_text(new_key())
    with pytest.raises(ConfigurationError, match="key that is not here"):
        connections.get_keys("lab")
    settings.key_path.write_text("hush-not-a-key")
    with pytest.raises(ConfigurationError, match="no valid sealing key") as caught:
        connections.get_keys("lab")
    assert "hush" not in " ".join(caught.value.lines())


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00"])
def test_a_key_file_without_a_key_is_refused(settings: Settings, content: bytes) -> None:
    settings.key_path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="no valid sealing key"):
        connections.get_keys("lab")


@pytest.mark.usefixtures("lab")
def test_after_the_loss_of_the_key_file_new_keys_can_be_given(settings: Settings) -> None:
    settings.key_path.unlink()
    connections.set_keys("lab", Keys("again-a", "again-s"))
    assert connections.get_keys("lab").access == "again-a"


def test_rotation_drops_the_old_key_and_everything_still_opens(
    lab: Connection, settings: Settings
) -> None:
    proxy = "http://u:p@proxy:1"
    connections.edit(replace(lab, address=replace(lab.address, proxy=proxy)))
    old = settings.key_path.read_text()
    assert seal.rotate() == 1
    assert old.strip() not in settings.key_path.read_text()
    assert settings.key_path.stat().st_mode & 0o777 == 0o600
    assert connections.get_keys("lab").secret == "secret-word"
    assert connections.get("lab").address.proxy == proxy


@pytest.mark.usefixtures("lab")
def test_a_rotation_that_cannot_open_everything_changes_nothing(settings: Settings) -> None:
    good = settings.key_path.read_text()
    settings.key_path.write_text(new_key())
    with pytest.raises(ConfigurationError, match="cannot be sealed anew"):
        seal.rotate()
    settings.key_path.write_text(settings.key_path.read_text() + good)
    assert connections.get_keys("lab").secret == "secret-word"
    assert seal.rotate() == 1
    assert connections.get_keys("lab").secret == "secret-word"


def test_rotating_before_any_connection_is_harmless(settings: Settings) -> None:
    assert seal.rotate() == 0
    assert settings.key_path.exists()


def test_keys_from_the_environment_need_no_file(settings: Settings) -> None:
    first, second = new_key(), new_key()
    open_ledger(replace(settings, secret_keys=first))
    connections.add(Connection(name="lab", address=Address(url="https://x")), Keys("a", "s"))
    assert not settings.key_path.exists()
    open_ledger(replace(settings, secret_keys=f"{second}, {first}"))
    assert seal.rotate() == 1
    open_ledger(replace(settings, secret_keys=second))
    assert connections.get_keys("lab").access == "a"


def test_a_wrong_key_in_the_environment_is_named_but_not_shown(settings: Settings) -> None:
    open_ledger(replace(settings, secret_keys="hush"))
    with pytest.raises(ConfigurationError, match="PLUMBLINE_SECRET_KEYS") as caught:
        connections.add(Connection(name="lab", address=Address(url="https://x")), Keys("a", "s"))
    assert "hush" not in " ".join(caught.value.lines())
    assert not connections.exists("lab")


@pytest.mark.usefixtures("lab")
def test_a_damaged_token_is_a_clear_error(settings: Settings) -> None:
    from plumbline.ledger.models import SealedRow  # noqa: PLC0415 - damages it on purpose

    SealedRow.objects.update(keys=b"gAAAAAgarbage")
    with pytest.raises(ConfigurationError, match="lab were sealed with a key that is not here"):
        connections.get_keys("lab")
    assert settings.key_path.exists()


def test_nothing_is_lost_when_keys_rotate_while_others_add_connections(
    settings: Settings,
) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", ADD, str(settings.home), settings.database_url, str(number)],
            env=os.environ,
        )
        for number in range(3)
    ]
    while any(worker.poll() is None for worker in workers):
        seal.rotate()
    assert [worker.wait() for worker in workers] == [0, 0, 0]
    entries = connections.list_all()
    assert len(entries) == 15
    for entry in entries:
        name = entry.connection.name
        assert connections.get_keys(name).secret == name
