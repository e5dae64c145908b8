from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from plumbline.domain.connection import (
    Address,
    Connection,
    Keys,
    Manners,
    Scope,
    Trust,
    TrustKind,
    WasMode,
)
from plumbline.domain.finding import Source
from plumbline.domain.proof import Proof
from plumbline.domain.run import RunMode, RunState
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.ledger import audit, connections, evidence, runs, shape, snapshots
from plumbline.ledger.models import (
    ConnectionRow,
    ProofRow,
    ScheduleRow,
    SealedRow,
    SnapshotRow,
)
from plumbline.ledger.records import Publication

if TYPE_CHECKING:
    from collections.abc import Callable

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
    stored = [file.read_bytes() for file in settings.home.iterdir()]
    stored += [
        repr(row).encode() for model in (ConnectionRow, SealedRow) for row in everything(model)
    ]
    for word in (b"access-word", b"secret-word", b"proxy-word"):
        assert not any(word in content for content in stored)


def everything(model: type[ConnectionRow | SealedRow]) -> list[dict[str, object]]:
    """Every row; what is kept in binary as bytes."""
    return [
        {name: bytes(one) if isinstance(one, memoryview) else one for name, one in row.items()}
        for row in model._default_manager.values()
    ]


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


def test_removing_forgets_the_keys_and_keeps_the_history(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL)
    runs.finish(run.number, RunState.COMPLETE)
    connections.remove(lab.name)
    assert not connections.exists(lab.name)
    assert [kept.connection for kept in runs.listing()] == ["lab"]
    assert not SealedRow.objects.exists()


@pytest.mark.parametrize("give_up", [connections.remove, connections.retire])
def test_a_connection_that_is_being_read_is_not_given_up(
    lab: Connection, give_up: Callable[[str], None]
) -> None:
    runs.start(lab.name, RunMode.FULL)
    with pytest.raises(UsageError, match="reading lab right now"):
        give_up(lab.name)
    assert connections.entry(lab.name).retired is None
    assert connections.get_keys(lab.name).access


def test_removing_forgets_what_was_published_and_proven(lab: Connection) -> None:
    run = runs.start(lab.name, RunMode.FULL).number
    proof = Proof(repository_id=1, source=Source.PATCHED, severity=Severity.HIGH, ours=1, console=1)
    evidence.record_proofs(run, [proof])
    publication = Publication(as_of=timezone.now(), tables={})
    snapshots.publish(run, RunState.COMPLETE, {}, publication)
    connections.remove(lab.name)
    assert not SnapshotRow.objects.exists()
    assert not ProofRow.objects.exists()
    assert [kept.number for kept in runs.listing()] == [run]


def test_retiring_erases_keys_and_schedule_and_keeps_the_rest(lab: Connection) -> None:
    row = ConnectionRow.objects.get(name=lab.name)
    ScheduleRow.objects.create(connection=row, rule="every 24h")
    connections.retire(lab.name)
    entry = connections.entry(lab.name)
    assert entry.retired is not None
    assert not entry.has_keys
    assert [bytes(kept.keys) + bytes(kept.proxy) for kept in SealedRow.objects.all()] == [b""]
    assert not ScheduleRow.objects.exists()
    with pytest.raises(UsageError, match="was retired"):
        connections.get_keys(lab.name)
    connections.set_keys(lab.name, Keys("new-a", "new-s"))
    assert connections.entry(lab.name).retired is None
    assert connections.get_keys(lab.name).secret == "new-s"


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
