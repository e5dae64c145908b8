from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from plumbline.console.fault import BrokenError
from plumbline.console.records import (
    AssetList,
    Repository,
    Status,
    User,
    Viewable,
    read_asset_lists,
)

ADMINISTRATOR = {
    "id": "1",
    "username": "admin",
    "locked": "false",
    "role": {"id": "1", "name": "Administrator", "description": ""},
    "group": {"id": -1, "name": "", "description": ""},
    "organization": {"id": 0, "name": "Tenable Administration"},
}


def ids(lists: list[AssetList]) -> list[int]:
    return [one.id for one in lists]


def test_lists_of_a_user_are_merged_by_id() -> None:
    usable = [{"id": "9", "name": "nine"}, {"id": "3", "name": "three", "ipCount": 7}]
    manageable = [{"id": "9", "tags": "t"}, {"id": "12", "name": "twelve"}]
    found = read_asset_lists({"usable": usable, "manageable": manageable})
    assert ids(found) == [3, 9, 12]
    assert [(one.usable, one.manageable) for one in found] == [
        (True, False),
        (True, True),
        (False, True),
    ]
    assert (found[1].name, found[1].tags) == ("nine", "t")


@pytest.mark.parametrize(
    "response", [{"assets": [{"id": 4}]}, [{"id": "4"}], {"usable": [{"id": "4"}]}]
)
def test_every_shape_of_answer_is_read(response: Any) -> None:
    assert ids(read_asset_lists(response)) == [4]


def test_no_lists_are_no_error() -> None:
    assert read_asset_lists({"usable": []}) == []
    assert read_asset_lists([]) == []


@pytest.mark.parametrize("response", ["", None, {}, {"other": []}, {"usable": [{"name": "x"}]}])
def test_an_answer_without_lists_is_never_taken_for_no_lists(response: Any) -> None:
    with pytest.raises(BrokenError):
        read_asset_lists(response)


def test_a_list_tells_what_is_known_and_keeps_the_rest() -> None:
    found = AssetList.read(
        {
            "id": "35",
            "name": "Windows",
            "type": "static",
            "ipCount": -1,
            "modifiedTime": "1684660372",
            "createdTime": "-1",
            "owner": {"id": "1", "username": "joe"},
            "groups": [{"id": "0", "name": "Full Access"}],
            "repositories": [{"ipCount": "-1", "repository": {"id": "2", "name": "x"}}],
            "typeFields": {"definedIPs": "10.0.0.0/24,10.1.1.1"},
            "viewableIPs": [
                {"repository": {"id": "2"}, "ipList": "10.0.0.1|a\n10.0.0.2|\n", "ipCount": "2"},
                {"repository": {"id": "3"}, "ipList": "", "ipCount": "0"},
            ],
            "ioSyncStatus": "Not Synced",
            "template": {"id": -1},
        }
    )
    assert found.addresses is None
    assert found.created is None
    assert found.modified == datetime(2023, 5, 21, 9, 12, 52, tzinfo=UTC)
    assert (found.owner, found.groups, found.repositories) == ("joe", ("Full Access",), (2,))
    assert found.viewable == (
        Viewable(repository_id=2, lines="10.0.0.1|a\n10.0.0.2|\n", count=2),
        Viewable(repository_id=3, lines="", count=0),
    )
    assert json.loads(found.definition or "") == {"definedIPs": "10.0.0.0/24,10.1.1.1"}
    assert found.extra == {"ioSyncStatus": "Not Synced", "template": {"id": -1}}


def test_addresses_not_asked_for_are_told_from_none_at_all() -> None:
    assert AssetList.read({"id": "1"}).viewable is None
    assert AssetList.read({"id": "1", "viewableIPs": []}).viewable == ()


def test_a_repository_keeps_its_type_fields_and_finds_the_update_in_them() -> None:
    raw = {"id": 5, "name": "r", "typeFields": {"lastVulnUpdate": "1700000000", "ipCount": "-1"}}
    found = Repository.read(raw)
    assert found.last_update == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert found.extra["typeFields"]["ipCount"] == "-1"
    assert found.findings is None


@pytest.mark.parametrize("told", ["0", "-1", ""])
def test_a_repository_never_updated_is_told_from_one_that_does_not_say(told: str) -> None:
    silent, never = Repository.read({"id": 1}), Repository.read({"id": 1, "lastVulnUpdate": told})
    assert (silent.last_update, silent.tells_update) == (None, False)
    assert (never.last_update, never.tells_update) == (None, True)


def test_a_repository_without_id_is_broken() -> None:
    with pytest.raises(BrokenError, match="repository"):
        Repository.read({"name": "x"})


def test_an_administrator_is_known_by_the_organisation_zero() -> None:
    assert User.read(ADMINISTRATOR).is_administrator
    assert User.read({"organization": {"id": 0}}).is_administrator
    assert not User.read({"organization": {"id": "1"}, "role": {"id": "7"}}).is_administrator
    assert not User.read({}).is_administrator


@pytest.mark.parametrize("locked", ["true", True, "1", 1])
def test_a_locked_user_is_seen_in_every_spelling(locked: object) -> None:
    assert User.read({"locked": locked}).locked


def test_a_password_that_never_ends_has_no_end() -> None:
    raw = {"passwordExpires": "false", "passwordExpiration": "1700000000"}
    assert User.read(raw).password_expires is None
    assert User.read(raw | {"passwordExpires": "true"}).password_expires is not None


def test_empty_objects_may_be_empty_lists() -> None:
    assert User.read({"role": [], "group": None, "organization": ""}).role.id is None


def test_status_names_are_compared_without_case() -> None:
    raw = {"jobd": "Running", "LicenseStatus": "Valid", "activeIPs": 46, "licensedIPs": "102400"}
    found = Status.read(raw | {"PluginUpdates": {"active": {"updateTime": "1700000000"}}})
    assert (found.jobs, found.license_status) == ("Running", "Valid")
    assert (found.active_addresses, found.licensed_addresses) == (46, 102400)
    assert found.plugins_updated is not None
