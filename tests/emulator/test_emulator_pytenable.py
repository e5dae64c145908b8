"""pyTenable, an independent client, drives the emulated console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from asking import key

from plumbline.emulator import Emulator, Estate

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def served() -> Iterator[Emulator]:
    with Emulator(Estate.generated(hosts=20, seed=11, findings_per_host=30), http=False) as console:
        yield console


@pytest.fixture
def client(served: Emulator, tmp_path: Any) -> Iterator[Any]:
    from tenable.sc import TenableSC  # noqa: PLC0415 - slow to import, and only needed here

    trusted = tmp_path / "console.pem"
    trusted.write_text(served.certificate_pem)
    made = TenableSC(
        url=served.url,
        access_key=served.access_key,
        secret_key=served.secret_key,
        ssl_verify=str(trusted),
    )
    yield made
    made._session.close()


def test_it_reads_the_system_and_the_user(client: Any) -> None:
    assert client.system.details()["version"] == "6.6.0"
    user = client.current.user(fields=["role", "organization"])
    assert user["role"]["name"] == "Auditor"
    assert client.current.org()["name"] == "Example Corporation"
    assert client.version == "6.6.0"


def test_it_pulls_every_finding_page_by_page(client: Any, served: Emulator) -> None:
    rows = list(client.analysis.vulns(limit=100))
    assert rows == list(served.estate.rows(was=False))
    patched = list(
        client.analysis.vulns(("wasVuln", "=", "includeWas"), source="patched", limit=37)
    )
    assert {key(row) for row in patched} == {key(row) for row in served.estate.rows("patched")}


def test_it_filters_and_sums(client: Any, served: Emulator) -> None:
    truth = list(served.estate.rows(was=False))
    severe = list(
        client.analysis.vulns(("severity", "=", "3,4"), ("exploitAvailable", "=", "true"))
    )
    assert severe == [
        row for row in truth if row["severity"]["id"] in "34" and row["exploitAvailable"] == "Yes"
    ]
    for tool in ("sumip", "sumid", "listvuln", "sumseverity"):
        rows = list(client.analysis.vulns(tool=tool))
        total = sum(int(row.get("total", row.get("count", 1))) for row in rows)
        assert total == len(truth)
    sorted_rows = client.analysis.vulns(sort_field="severity", sort_direction="desc", limit=50)
    ids = [row["severity"]["id"] for row in sorted_rows]
    assert ids == sorted(ids, reverse=True)


def test_it_reads_asset_lists_and_repositories(client: Any) -> None:
    lists = client.asset_lists.list(["id", "name", "type"])
    assert {one["name"] for one in lists["usable"]} >= {"All Defined Ranges", "Linux hosts"}
    assert client.asset_lists.details(1)["typeFields"]["definedIPs"]
    names = [one["name"] for one in client.repositories.list(["id", "name", "dataFormat"])]
    assert "Servers" in names
    assert client.repositories.details(1)["dataFormat"] == "IPv4"
    assert client.repositories.device_info(1, dns="servers-000000.corp.example")["total"]


def test_it_cannot_change_anything(client: Any, served: Emulator) -> None:
    from tenable.errors import APIError  # noqa: PLC0415 - slow to import, and only needed here

    before = served.writes_refused
    with pytest.raises(APIError):
        client.asset_lists.delete(1)
    assert served.writes_refused == before + 1
