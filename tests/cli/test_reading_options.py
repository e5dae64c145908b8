"""Options of what a connection reads, and its client certificate, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certificates import PASSWORD, Authority, Client
from plumbline.ledger import connections

if TYPE_CHECKING:
    from commandline import Run, Spawn

pytestmark = pytest.mark.usefixtures("settled")

CLEARED = {
    "--exclude-repository": ("3", "exclude_repositories"),
    "--exclude-family": ("3", "exclude_families"),
    "--exclude-plugin-type": ("passive", "exclude_plugin_types"),
    "--exclude-address": ("10.0.0.1", "exclude_addresses"),
    "--list-field": ("canUse", "list_fields"),
}


@pytest.mark.parametrize("option", CLEARED)
def test_an_exclusion_is_kept_until_it_is_cleared(plumbline: Run, lab: str, option: str) -> None:
    value, name = CLEARED[option]
    assert plumbline("connection", "edit", lab, option, value).code == 0
    assert plumbline("connection", "edit", lab, "--page-size", "7", "--json").data[name]
    assert plumbline("connection", "edit", lab, option, "none", "--json").data[name] == []


def test_the_usual_filter_of_lists_comes_back(plumbline: Run, lab: str) -> None:
    usual = ["excludeAllDefined", "usable"]
    assert plumbline("connection", "show", lab, "--json").data["list_filters"] == usual
    told = plumbline("connection", "edit", lab, "--list-filter", "manageable", "--json")
    assert told.data["list_filters"] == ["manageable"]
    told = plumbline("connection", "edit", lab, "--list-filter", "usual", "--json")
    assert told.data["list_filters"] == usual


BAD = {
    ("--exclude-repository", "office"): "--exclude-repository takes the console's numbers",
    ("--exclude-repository", ""): "--exclude-repository takes the console's numbers",
    ("--exclude-family", "-3"): "--exclude-family takes the console's numbers",
    ("--exclude-family", "all"): "--exclude-family takes the console's numbers",
    ("--exclude-plugin-type", "pasive"): "Did you mean passive?",
    ("--exclude-plugin-type", "active,passive,compliance,lce"): "nothing is left to read",
    ("--exclude-address", "10.0.0.300"): "neither an address, a range nor a CIDR block",
    ("--exclude-address", "10.0.0.9-10.0.0.1"): "neither an address, a range nor a CIDR block",
    ("--exclude-address", "host.example"): "neither an address, a range nor a CIDR block",
    ("--exclude-address", "0.0.0.0/0,::/0"): "nothing is left to read",
    ("--repository", "3", "--exclude-repository", "3"): "nothing is left to read",
    ("--family", "3", "--exclude-family", "2,3"): "nothing is left to read",
    ("--list-filter", "usabel"): "Did you mean usable?",
    ("--list-field", "viewabelIPs"): "Did you mean viewableIPs?",
    ("--list-field", "*"): "There is no field of asset lists",
    ("--client-certificate", "/nowhere.pem"): "--client-certificate: /nowhere.pem cannot be read",
    ("--client-certificate", "/"): "cannot be read",
    ("--client-key", "/nowhere.pem"): "without its certificate",
    ("--client-key-password-file", "/nowhere"): "without its certificate",
}


@pytest.mark.parametrize("flags", BAD)
def test_a_wrong_value_is_refused_and_nothing_is_changed(
    plumbline: Run, lab: str, flags: tuple[str, ...]
) -> None:
    before = connections.entry(lab)
    told = plumbline("connection", "edit", lab, *flags, "--page-size", "9")
    assert told.code == 2, told.out + told.err
    assert BAD[flags] in told.err
    assert connections.entry(lab) == before
    told = plumbline("connection", "add", "other", "--url", "https://sc.example", *flags)
    assert told.code == 2
    assert not connections.exists("other")


@pytest.fixture(scope="module")
def mine() -> Client:
    return Authority.made().client()


def written(folder: Path, name: str, content: bytes | str) -> str:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


def test_a_client_certificate_is_sealed_and_its_files_may_go(
    plumbline: Run, lab: str, mine: Client, tmp_path: Path
) -> None:
    pem, key = written(tmp_path, "c.pem", mine.certificate), written(tmp_path, "k.pem", mine.key)
    told = plumbline(
        "connection", "edit", lab, "--client-certificate", pem, "--client-key", key, "--json"
    )
    assert told.code == 0, told.err
    assert told.data["client_certificate"]["subject"] == "CN=plumbline"
    assert "PRIVATE" not in told.out
    Path(pem).unlink()
    Path(key).unlink()
    client = connections.get(lab).address.client
    assert client is not None
    assert client.key.encode() == mine.key
    assert "CN=plumbline" in plumbline("connection", "show", lab).out
    entry = connections.entry(lab).connection.address.client
    assert entry is not None
    assert entry.key == ""


def test_the_key_stays_when_something_else_is_changed_and_keys_are_rotated(
    plumbline: Run, lab: str, mine: Client, tmp_path: Path
) -> None:
    both = written(tmp_path, "both.pem", mine.key + mine.certificate)
    assert plumbline("connection", "edit", lab, "--client-certificate", both).code == 0
    assert plumbline("connection", "edit", lab, "--proxy", "http://proxy:3128").code == 0
    assert plumbline("secrets", "rotate").code == 0
    client = connections.get(lab).address.client
    assert client is not None
    assert client.key.encode() == mine.key
    assert plumbline("connection", "edit", lab, "--client-certificate", "none").code == 0
    assert connections.get(lab).address.client is None


def test_the_password_comes_from_the_environment_or_a_file(
    spawn: Spawn, lab: str, mine: Client, tmp_path: Path
) -> None:
    both = written(tmp_path, "both.pem", mine.locked + mine.certificate)
    edit = ("connection", "edit", lab, "--client-certificate", both)
    told = spawn(*edit)
    assert told.code == 2
    assert "has a password" in told.err
    told = spawn(*edit, PLUMBLINE_CLIENT_KEY_PASSWORD="wrong")
    assert told.code == 2
    assert "cannot be opened with this password" in told.err
    assert "wrong" not in told.err
    assert connections.get(lab).address.client is None
    assert spawn(*edit, PLUMBLINE_CLIENT_KEY_PASSWORD=PASSWORD).code == 0
    assert spawn("connection", "edit", lab, "--client-certificate", "none").code == 0
    file = written(tmp_path, "password", PASSWORD + "\n")
    assert spawn(*edit, "--client-key-password-file", file).code == 0
    assert connections.get(lab).address.client is not None


def test_a_client_certificate_that_has_ended_is_warned_of(
    plumbline: Run, lab: str, tmp_path: Path
) -> None:
    old = Authority.made().client(days=-3)
    both = written(tmp_path, "both.pem", old.key + old.certificate)
    told = plumbline("connection", "edit", lab, "--client-certificate", both)
    assert told.code == 0
    assert "The client certificate ended on" in told.err


def test_plain_http_shows_no_client_certificate(
    plumbline: Run, lab: str, mine: Client, tmp_path: Path
) -> None:
    both = written(tmp_path, "both.pem", mine.key + mine.certificate)
    told = plumbline(
        *("connection", "edit", lab, "--url", "http://127.0.0.1:1"),
        *("--client-certificate", both),
    )
    assert told.code == 2
    assert "speaks of TLS" in told.err


@pytest.mark.usefixtures("lab")
def test_a_retired_connection_forgets_its_client_certificate(
    plumbline: Run, lab: str, mine: Client, tmp_path: Path
) -> None:
    both = written(tmp_path, "both.pem", mine.key + mine.certificate)
    assert plumbline("connection", "edit", lab, "--client-certificate", both).code == 0
    assert plumbline("connection", "remove", lab, "--keep-data", "--yes").code == 0
    assert connections.get(lab).address.client is None
