from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from commandline import ACCESS, SECRET, Run, Spawn

from plumbline.ledger import connections

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("settled")

FINGERPRINT = "AB:" * 31 + "AB"
ADD = ("connection", "add", "lab", "--url", "https://sc.example")


@pytest.mark.usefixtures("keys")
def test_a_connection_is_added_with_all_that_can_be_said_of_it(plumbline: Run) -> None:
    told = plumbline(
        *("connection", "add", "lab", "--url", "https://SC.example/rest/"),
        *("--fingerprint", FINGERPRINT, "--proxy", "http://proxy:3128", "--no-proxy", ".lan"),
        *("--repository", "1", "--repository", "2,3", "--severity", "high,critical"),
        *("--asset-list", "4", "--family", "5", "--look-back-days", "30", "--was", "include"),
        *("--page-size", "500", "--connect-timeout", "5", "--read-timeout", "60.5"),
        *("--exclude-repository", "3", "--exclude-family", "6,7"),
        *("--exclude-plugin-type", "LCE", "--exclude-address", "10.0.0.0-10.0.255.255, 10.9.9.9"),
        *("--list-filter", "manageable,excludewatchlists", "--list-field", "canUse"),
        *("--retries", "2", "--json"),
    )
    assert told.code == 0, told.err
    whole = json.loads(told.out)
    assert whole["schema"] == "plumbline/connection/1"
    data = whole["data"]
    assert data.pop("created") <= data.pop("changed")
    assert data == {
        "name": "lab",
        "kind": "console",
        "url": "https://sc.example",
        "trust": {"kind": "fingerprint", "value": "ab" * 32},
        "proxy": "http://proxy:3128",
        "no_proxy": [".lan"],
        "client_certificate": None,
        "repositories": [1, 2, 3],
        "severities": ["critical", "high"],
        "asset_lists": [4],
        "families": [5],
        "look_back_days": 30,
        "was": "include",
        "exclude_repositories": [3],
        "exclude_families": [6, 7],
        "exclude_plugin_types": ["lce"],
        "exclude_addresses": ["10.0.0.0/16", "10.9.9.9"],
        "list_filters": ["manageable", "excludeWatchlists"],
        "list_fields": ["canUse"],
        "page_size": 500,
        "connect_timeout": 5.0,
        "read_timeout": 60.5,
        "retries": 2,
        "requests_per_hour": None,
        "paused": False,
        "retired": None,
        "has_keys": True,
    }


def test_without_a_trust_flag_the_machines_authorities_decide(plumbline: Run, lab: str) -> None:
    assert plumbline("connection", "show", lab, "--json").data["trust"]["kind"] == "system"


def test_keys_come_from_the_environment_and_are_never_shown(plumbline: Run, lab: str) -> None:
    kept = connections.get_keys(lab)
    assert (kept.access, kept.secret) == (ACCESS, SECRET)
    for command in (("show", lab), ("list",), ("edit", lab, "--page-size", "7")):
        for form in ((), ("--json",)):
            told = plumbline("connection", *command, *form)
            assert ACCESS not in told.out + told.err
            assert SECRET not in told.out + told.err


@pytest.mark.parametrize("flags", [(), ("--keys-stdin",)])
def test_keys_can_be_piped(spawn: Spawn, plumbline: Run, flags: tuple[str, ...]) -> None:
    told = spawn(*ADD, *flags, stdin="one-a\none-s\n")
    assert told.code == 0, told.err
    assert plumbline("connection", "list").code == 0
    assert connections.get_keys("lab").secret == "one-s"


def test_without_any_keys_every_way_to_give_them_is_told(spawn: Spawn) -> None:
    told = spawn(*ADD, stdin="")
    assert told.code == 2
    assert "PLUMBLINE_ACCESS_KEY" in told.err
    assert "--keys-file" in told.err
    assert json.loads(spawn("connection", "list", "--json").out)["data"] == []


def test_a_closed_or_unreadable_standard_input_holds_no_keys(home: Path) -> None:
    for shell in ("<&-", "</bin/sh"):
        told = subprocess.run(
            [
                *("sh", "-c", f'"$0" -c "from plumbline.cli import main; main()" "$@" {shell}'),
                *(sys.executable, *ADD, "--keys-stdin"),
            ],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PLUMBLINE_HOME": str(home)},
        )
        assert told.returncode == 2, told.stderr
        assert "Standard input" in told.stderr


def test_at_a_terminal_keys_are_asked_for_and_not_echoed(home: Path) -> None:
    main, side = pty.openpty()
    worker = subprocess.Popen(
        [sys.executable, "-c", "from plumbline.cli import main; main()", *ADD],
        stdin=side,
        stdout=side,
        stderr=side,
        start_new_session=True,
        env={**os.environ, "PLUMBLINE_HOME": str(home)},
    )
    os.close(side)
    seen = b""
    for question, answer in ((b"Access key: ", b"typed-a\n"), (b"Secret key: ", b"typed-s\n")):
        while question not in seen:
            seen += os.read(main, 4096)
        os.write(main, answer)
    while b"connection test lab" not in seen:
        seen += os.read(main, 4096)
    assert worker.wait() == 0
    os.close(main)
    assert b"typed" not in seen


@pytest.mark.usefixtures("keys")
def test_a_keys_file_others_may_read_is_used_with_a_warning(plumbline: Run, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("one-a\none-s\n")
    file.chmod(0o644)
    told = plumbline(*ADD, "--keys-file", str(file), "--json")
    assert "chmod 600" in json.loads(told.out)["warnings"][0]
    assert connections.get_keys("lab").access == "one-a"


@pytest.mark.parametrize(
    ("flags", "code", "why"),
    [
        (("--ca", "x.pem", "--insecure"), 2, "exclude each other"),
        (("--fingerprint", FINGERPRINT, "--insecure"), 2, "exclude each other"),
        (("--ca", "x.pem", "--fingerprint", FINGERPRINT), 2, "exclude each other"),
        (("--fingerprint", "abc"), 2, "no SHA-256"),
        (("--ca", "/nowhere/ca.pem"), 3, "/nowhere/ca.pem"),
        (("--url", "http://sc.example"), 2, "plain http"),
        (("--url", "sc.example"), 2, "https://"),
        (("--url", "http://localhost", "--insecure"), 2, "has none"),
        (("--repository", "one"), 2, "--repository"),
        (("--repository", ","), 2, "--repository"),
        (("--asset-list", "-1"), 2, "--asset-list"),
        (("--severity", "dire"), 2, "'dire' is not one of"),
        (("--severity", "9"), 2, "--severity"),
        (("--proxy", "proxy:3128"), 2, "proxy's address"),
        (("--proxy", "env"), 2, "PLUMBLINE_PROXY is not set"),
        (("--page-size", "many"), 2, "page-size"),
        (("--page-size", "-1"), 2, "page-size"),
        (("--read-timeout", "0"), 2, "read-timeout"),
        (("--was", "maybe"), 2, "was"),
        (("--keys-file", "/nowhere/keys"), 3, "/nowhere/keys"),
    ],
)
@pytest.mark.usefixtures("keys")
def test_a_wrong_value_is_refused_by_name_and_nothing_is_added(
    plumbline: Run, flags: tuple[str, ...], code: int, why: str
) -> None:
    told = plumbline(*ADD, *flags)
    assert told.code == code
    assert why in told.err
    assert told.out == ""
    assert plumbline("connection", "list", "--json").data == []


def test_a_ca_file_must_hold_a_certificate(plumbline: Run, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing of the kind")
    told = plumbline(*ADD, "--ca", str(tmp_path / "ca.pem"))
    assert told.code == 3
    assert "ca.pem" in told.err


def test_an_address_is_needed(plumbline: Run) -> None:
    told = plumbline("connection", "add", "lab")
    assert told.code == 2
    assert "--url is missing" in told.err


def test_a_name_that_is_not_allowed_or_taken_is_refused(plumbline: Run, lab: str) -> None:
    assert "cannot be the name" in plumbline("connection", "add", "a b", "--url", "https://x").err
    told = plumbline("connection", "add", lab, "--url", "https://other.example")
    assert told.code == 2
    assert "already" in told.err
    assert plumbline("connection", "show", lab, "--json").data["url"] == "https://sc.example"


def test_insecure_is_loud(plumbline: Run, lab: str) -> None:
    told = plumbline("connection", "edit", lab, "--insecure")
    assert told.code == 0
    assert "Warning:" in told.err
    assert "not verified" in told.err


def test_a_proxys_password_is_kept_sealed_and_not_shown(
    plumbline: Run, lab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_PROXY", "http://me:hush@proxy:3128")
    told = plumbline("connection", "edit", lab, "--proxy", "env")
    assert told.code == 0
    assert "hush" not in told.out + told.err
    assert connections.get(lab).address.proxy == "http://me:hush@proxy:3128"
    assert plumbline("connection", "edit", lab, "--page-size", "9").code == 0
    assert connections.get(lab).address.proxy == "http://me:hush@proxy:3128"
    assert plumbline("connection", "edit", lab, "--proxy", "none", "--json").data["proxy"] == ""


def test_a_proxys_password_on_the_command_line_is_warned_of(plumbline: Run, lab: str) -> None:
    told = plumbline("connection", "edit", lab, "--proxy", "http://me:hush@proxy:3128")
    assert told.code == 0
    assert "PLUMBLINE_PROXY" in told.err
    assert "hush" not in told.out + told.err


def test_editing_changes_only_what_is_given(plumbline: Run, lab: str) -> None:
    before = plumbline("connection", "show", lab, "--json").data
    after = plumbline("connection", "edit", lab, "--page-size", "300", "--json").data
    assert after.pop("changed") > before.pop("changed")
    assert after == before | {"page_size": 300}


@pytest.mark.parametrize(
    ("flag", "value", "cleared", "field"),
    [
        ("--page-size", "300", "0", "page_size"),
        ("--look-back-days", "30", "0", "look_back_days"),
        ("--repository", "1", "all", "repositories"),
        ("--severity", "high", "all", "severities"),
        ("--asset-list", "1", "all", "asset_lists"),
        ("--family", "1", "all", "families"),
        ("--no-proxy", "host", "none", "no_proxy"),
        ("--proxy", "http://proxy:1", "none", "proxy"),
    ],
)
def test_a_value_that_was_given_can_be_cleared(
    plumbline: Run, lab: str, flag: str, value: str, cleared: str, field: str
) -> None:
    assert plumbline("connection", "edit", lab, flag, value, "--json").data[field]
    assert not plumbline("connection", "edit", lab, flag, cleared, "--json").data[field]


def test_trust_can_be_given_back_to_the_machines_authorities(plumbline: Run, lab: str) -> None:
    plumbline("connection", "edit", lab, "--fingerprint", FINGERPRINT)
    told = plumbline("connection", "edit", lab, "--system-ca", "--json")
    assert told.data["trust"] == {"kind": "system", "value": ""}


def test_editing_nothing_is_a_mistake(plumbline: Run, lab: str) -> None:
    told = plumbline("connection", "edit", lab)
    assert told.code == 2
    assert "Nothing to change" in told.err


def test_a_connection_can_be_held_back(plumbline: Run, lab: str) -> None:
    assert plumbline("connection", "edit", lab, "--pause", "--json").data["paused"] is True
    assert plumbline("connection", "edit", lab, "--resume", "--json").data["paused"] is False


def test_keys_alone_are_deleted(plumbline: Run, lab: str) -> None:
    refused = plumbline("connection", "delete-keys", lab)
    assert (refused.code, "needs a yes" in refused.err) == (2, True)
    told = plumbline("connection", "delete-keys", lab, "--yes", "--json")
    assert (told.data["has_keys"], told.data["paused"]) == (False, True)
    again = plumbline("connection", "delete-keys", lab, "--yes")
    assert (again.code, "has no keys" in again.err) == (2, True)


def test_keys_are_rotated(plumbline: Run, lab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_ACCESS_KEY", "fresh-a")
    monkeypatch.setenv("PLUMBLINE_SECRET_KEY", "fresh-s")
    assert plumbline("connection", "rotate-keys", lab).code == 0
    assert connections.get_keys(lab).secret == "fresh-s"


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ((), "--keep-data"),
        (("--yes",), "--keep-data"),
        (("--keep-data",), "--yes"),
        (("--delete-data",), "--yes"),
        (("--keep-data", "--delete-data", "--yes"), "contradict"),
    ],
)
def test_without_a_terminal_removing_has_to_be_told_everything(
    spawn: Spawn, lab: str, flags: tuple[str, ...], told: str
) -> None:
    answer = spawn("connection", "remove", lab, *flags)
    assert answer.code == 2
    assert told in answer.err
    assert "Unchanged: the connection lab" in answer.err
    (kept,) = json.loads(spawn("connection", "list", "--json").out)["data"]
    assert (kept["retired"], kept["has_keys"]) == (None, True)


def test_a_connection_is_removed_with_all_that_it_left(
    plumbline: Run, lab: str, home: Path
) -> None:
    for place in ("lake", "staging"):
        (home / place / lab / "findings").mkdir(parents=True)
        (home / place / "other").mkdir()
    told = plumbline("connection", "remove", lab, "--delete-data", "--yes", "--json")
    assert told.data == {"name": lab, "data": "delete"}
    assert plumbline("connection", "list", "--json").data == []
    assert [one.name for one in (home / "lake").iterdir()] == ["other"]
    assert [one.name for one in (home / "staging").iterdir()] == ["other"]


def test_a_new_connection_finds_nothing_that_an_old_one_left(
    plumbline: Run, keys: None, home: Path
) -> None:
    assert keys is None
    (home / "lake" / "lab" / "findings").mkdir(parents=True)
    assert plumbline("connection", "add", "lab", "--url", "https://sc.example").code == 0
    assert list((home / "lake").iterdir()) == []


def test_a_connection_is_retired_and_brought_back_with_new_keys(plumbline: Run, lab: str) -> None:
    plumbline("connection", "edit", lab, "--proxy", "http://u:secret-word@proxy.example:3128")
    told = plumbline("connection", "remove", lab, "--keep-data", "--yes", "--json")
    assert told.data == {"name": lab, "data": "keep"}
    shown = plumbline("connection", "show", lab, "--json").data
    assert shown["retired"] is not None
    assert shown["has_keys"] is False
    assert "retired" in plumbline("connection", "list").out
    refused = plumbline("sync", lab)
    assert refused.code == 2
    assert "was retired on" in refused.err
    assert f"rotate-keys {lab}" in refused.err
    assert plumbline("sync").code == 2
    again = plumbline("connection", "remove", lab, "--keep-data", "--yes")
    assert again.code == 2
    assert "was retired on" in again.err
    assert plumbline("connection", "rotate-keys", lab, "--json").data["retired"] is None
    assert connections.get(lab).address.proxy == "http://proxy.example:3128"
    assert plumbline("connection", "remove", lab, "--delete-data", "--yes").code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("show",),
        ("edit", "--page-size", "1"),
        ("rotate-keys",),
        ("remove", "--keep-data", "--yes"),
        ("test",),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(
    plumbline: Run, lab: str, command: tuple[str, ...]
) -> None:
    told = plumbline("connection", command[0], "nope", *command[1:])
    assert told.code == 2
    assert "no connection 'nope'" in told.err
    assert lab in told.err
    assert told.out == ""


def test_connections_are_listed_for_people(plumbline: Run, lab: str) -> None:
    told = plumbline("connection", "list")
    assert lab in told.out
    assert "https://sc.example" in told.out


def test_without_connections_the_way_to_add_one_is_told_on_stderr(plumbline: Run) -> None:
    told = plumbline("connection", "list")
    assert told.out == ""
    assert "connection add" in told.err


def test_the_guide_tells_how_to_get_keys(plumbline: Run) -> None:
    told = plumbline("connection", "guide")
    assert told.code == 0
    assert "Allow API Keys" in told.out


def test_a_lost_sealing_key_is_a_clear_error_and_new_keys_mend_it(
    plumbline: Run, lab: str, home: Path
) -> None:
    (home / "secret.keys").unlink()
    told = plumbline("connection", "test", lab)
    assert told.code == 3
    assert "rotate-keys NAME" in told.err
    assert plumbline("connection", "rotate-keys", lab).code == 0
    assert connections.get_keys(lab).secret == SECRET


def test_a_key_file_others_may_read_is_refused(plumbline: Run, lab: str, home: Path) -> None:
    (home / "secret.keys").chmod(0o644)
    told = plumbline("connection", "test", lab)
    assert told.code == 3
    assert "chmod 600" in told.err
    assert "secret.keys" in plumbline("doctor").out


@pytest.mark.network
@pytest.mark.usefixtures("lab")
def test_a_console_that_is_not_there_fails_the_test_with_5(plumbline: Run) -> None:
    plumbline("connection", "edit", "lab", "--url", "https://127.0.0.1:9", "--connect-timeout", "2")
    told = plumbline("connection", "test", "lab", "--json")
    assert told.code == 5
    verdicts = {check["name"]: check["verdict"] for check in told.data["checks"]}
    assert verdicts["tcp"] == "fail"
    assert verdicts["keys accepted"] == "skip"
    for_people = plumbline("connection", "test", "lab")
    assert for_people.code == 5
    assert "✘ FAIL tcp" in for_people.out
    assert "remedy:" in for_people.out


@pytest.mark.network
def test_a_certificate_that_cannot_be_fetched_ends_with_5(plumbline: Run) -> None:
    told = plumbline("connection", "fingerprint", "https://127.0.0.1:9")
    assert told.code == 5
    assert told.out == ""


def test_without_tls_there_is_no_certificate_to_show(plumbline: Run) -> None:
    assert plumbline("connection", "fingerprint", "http://localhost").code == 2
