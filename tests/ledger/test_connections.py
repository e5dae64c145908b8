from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.errors import UsageError
from plumbline.ledger import audit, connections, runs, shape
from plumbline.ledger.models import ConnectionRow
from plumbline.terms.connection import (
    Address,
    Connection,
    Keys,
    Manners,
    Scope,
    Trust,
    TrustKind,
    WasMode,
)
from plumbline.terms.run import RunMode, RunState
from plumbline.terms.severity import Severity

if TYPE_CHECKING:
    from plumbline.config.settings import Settings

numbers = st.lists(st.integers(0, 10**9)).map(tuple)
scopes = st.builds(
    Scope,
    repositories=numbers,
    severities=st.lists(st.sampled_from(Severity)).map(tuple),
    asset_lists=numbers,
    families=numbers,
    look_back_days=st.none() | st.integers(1, 3650),
    was=st.sampled_from(WasMode),
)
manners = st.builds(
    Manners,
    page_size=st.none() | st.integers(1, 10_000),
    connect_timeout=st.floats(0.1, 1000),
    read_timeout=st.floats(0.1, 1000),
    retries=st.integers(0, 20),
)
addresses = st.builds(
    Address,
    url=st.just("https://sc.example/path"),
    trust=st.builds(Trust, kind=st.sampled_from(TrustKind), value=st.text()),
    proxy=st.sampled_from(["", "http://proxy:3128", "http://u:p%40@proxy:3128"]),
    no_proxy=st.lists(st.text()).map(tuple),
)


@given(st.builds(Connection, name=st.just("lab"), address=addresses, scope=scopes, manners=manners))
def test_any_connection_comes_back_from_its_row_as_it_was(connection: Connection) -> None:
    row = ConnectionRow(**shape.columns(connection))
    assert shape.connection_of(row, shape.proxy_user(connection)) == connection


def test_a_connection_is_kept_with_its_keys(lab: Connection) -> None:
    assert connections.get("lab") == lab
    assert connections.exists("lab")
    keys = connections.get_keys("lab")
    assert (keys.access, keys.secret) == ("access-word", "secret-word")


def test_connections_are_listed_by_name(lab: Connection) -> None:
    connections.add(replace(lab, name="Attic"), Keys("a", "b"))
    connections.add(replace(lab, name="zoo"), Keys("a", "b"))
    assert [entry.connection.name for entry in connections.list_all()] == ["Attic", "lab", "zoo"]


def test_neither_keys_nor_proxy_credentials_lie_open_on_the_disk(
    lab: Connection, settings: Settings
) -> None:
    proxy = "http://someone:proxy-word@proxy.example:3128"
    connections.edit(replace(lab, address=replace(lab.address, proxy=proxy)))
    assert connections.get("lab").address.proxy == proxy
    assert connections.entry("lab").connection.address.proxy == "http://proxy.example:3128"
    for file in settings.home.iterdir():
        for word in (b"access-word", b"secret-word", b"proxy-word"):
            assert word not in file.read_bytes()


def test_editing_replaces_everything_but_the_keys(lab: Connection) -> None:
    before = connections.entry("lab")
    changed = replace(lab, manners=Manners(page_size=200))
    connections.edit(changed)
    after = connections.entry("lab")
    assert connections.get("lab") == changed
    assert connections.get_keys("lab").access == "access-word"
    assert after.created == before.created
    assert after.changed > before.changed


def test_keys_can_be_replaced(lab: Connection) -> None:
    connections.set_keys(lab.name, Keys("new-a", "new-s"))
    assert connections.get_keys(lab.name).secret == "new-s"


def test_removing_forgets_the_keys_and_keeps_the_history(
    lab: Connection, settings: Settings
) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    runs.finish(run.number, RunState.COMPLETE)
    connections.remove(lab.name)
    assert not connections.exists(lab.name)
    assert [kept.connection for kept in runs.listing()] == ["lab"]
    with sqlite3.connect(settings.home / "ledger.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM ledger_sealedrow").fetchone() == (0,)
    database.close()


def test_a_connection_that_is_being_read_is_not_removed(lab: Connection) -> None:
    runs.start(lab.name, RunMode.FULL)
    with pytest.raises(UsageError, match="reading lab right now"):
        connections.remove(lab.name)
    assert connections.exists(lab.name)


def test_a_connection_can_be_paused(lab: Connection) -> None:
    connections.pause(lab.name, paused=True)
    assert connections.entry(lab.name).paused
    connections.pause(lab.name, paused=False)
    assert not connections.entry(lab.name).paused


def test_a_taken_name_is_refused_and_the_first_connection_stays(lab: Connection) -> None:
    with pytest.raises(UsageError, match="already"):
        connections.add(replace(lab, address=Address(url="https://other")), Keys("x", "y"))
    assert connections.get("lab") == lab
    assert connections.get_keys("lab").access == "access-word"


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "x" * 65, "a\n", "../a", "a;"])
def test_a_name_that_could_break_something_is_refused(lab: Connection, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        connections.add(replace(lab, name=name), Keys("x", "y"))


def test_an_unknown_name_is_answered_with_the_known_ones(lab: Connection) -> None:
    for ask in (connections.get, connections.get_keys, connections.entry, connections.remove):
        with pytest.raises(UsageError, match="no connection 'nope'") as caught:
            ask("nope")
        assert lab.name in caught.value.advice


def test_without_any_connection_the_way_to_add_one_is_shown(settings: Settings) -> None:
    assert settings.home.exists()
    with pytest.raises(UsageError) as caught:
        connections.get("lab")
    assert "connection add" in caught.value.advice


def test_every_change_is_in_the_audit_with_who_made_it(lab: Connection) -> None:
    connections.edit(lab)
    connections.set_keys(lab.name, Keys("new-a", "new-s"))
    connections.remove(lab.name)
    acts = audit.listing()
    assert [act.action for act in acts] == ["remove", "rotate-keys", "edit", "add"]
    assert all(act.who for act in acts)
    assert "new-a" not in str(acts)
