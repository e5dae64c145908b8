from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from plumbline.domain.connection import Address, Connection, Keys, Trust, TrustKind
from plumbline.emulator.emulator import Emulator
from plumbline.emulator.estate import Estate
from plumbline.ledger import connections, requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from commandline import Run, Told

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("settled")]


@pytest.fixture(scope="module")
def center() -> Iterator[Emulator]:
    """A console with a certificate that it signed itself."""
    with Emulator(Estate.generated(hosts=3, seed=3), http=False) as emulator:
        yield emulator


@pytest.fixture
def faultless(center: Emulator) -> Iterator[Emulator]:
    """The console, free of faults again at the end."""
    yield center
    center.clear_faults()


def added(plumbline: Run, center: Emulator, *flags: str, secret: str = "") -> Told:
    assert plumbline("runs").code == 0
    connections.add(
        Connection(
            name="sc",
            address=Address(
                url=center.url, trust=Trust(kind=TrustKind.FINGERPRINT, value=center.fingerprint)
            ),
        ),
        Keys(center.access_key, secret or center.secret_key),
    )
    return plumbline("connection", "edit", "sc", *flags) if flags else plumbline("runs")


def test_a_console_that_has_all_that_is_needed_passes(plumbline: Run, center: Emulator) -> None:
    added(plumbline, center)
    told = plumbline("connection", "test", "sc", "--json")
    assert told.code == 0, told.out
    assert told.data["passed"] is True
    verdicts = [check["verdict"] for check in told.data["checks"]]
    assert set(verdicts) <= {"pass", "warn"}
    assert len(verdicts) > 10
    assert center.secret_key not in told.out + told.err


def test_people_see_a_line_for_each_check(plumbline: Run, center: Emulator) -> None:
    added(plumbline, center)
    told = plumbline("connection", "test", "sc")
    assert told.code == 0
    assert "✔ PASS tls" in told.out
    assert "sc can be read" in told.err


def test_the_requests_of_a_test_are_written_down(plumbline: Run, center: Emulator) -> None:
    added(plumbline, center)
    plumbline("connection", "test", "sc")
    paths = [request.path for request in requests.listing(None)]
    assert any(path.endswith("/system") for path in paths)
    assert len(paths) > 5


def test_wrong_keys_end_with_4_and_a_remedy(plumbline: Run, center: Emulator) -> None:
    added(plumbline, center, secret="f" * 32)
    told = plumbline("connection", "test", "sc", "--json")
    assert told.code == 4
    [failed] = [check for check in told.data["checks"] if check["verdict"] == "fail"]
    assert failed["remedy"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("keys-disabled", 4),
        ("account-locked", 4),
        ("administrator", 4),
        ("no-repository", 4),
        ("old-version", 1),
    ],
)
def test_what_a_console_lacks_decides_how_the_test_ends(
    plumbline: Run, faultless: Emulator, fault: str, code: int
) -> None:
    added(plumbline, faultless)
    faultless.add_fault(fault)
    told = plumbline("connection", "test", "sc")
    assert told.code == code, told.out
    assert "✘ FAIL" in told.out
    assert "remedy:" in told.out
    assert "cannot be read yet" in told.err


def test_an_unknown_certificate_ends_with_5_and_shows_the_fingerprint_to_compare(
    plumbline: Run, center: Emulator
) -> None:
    added(plumbline, center, "--system-ca")
    told = plumbline("connection", "test", "sc", "--json")
    assert told.code == 5
    shown = told.out.replace(":", "").lower()
    assert center.fingerprint in shown


def test_the_fingerprint_of_a_console_is_shown_without_sending_keys(
    plumbline: Run, center: Emulator
) -> None:
    before = len(center.requests)
    told = plumbline("connection", "fingerprint", center.url, "--json")
    assert told.code == 0
    assert told.data["certificate"]["sha256"] == center.fingerprint
    assert "not checked" in told.out
    assert len(center.requests) == before
    for_people = plumbline("connection", "fingerprint", center.url)
    assert center.fingerprint in for_people.out.replace(":", "").lower()


def test_the_console_s_own_certificate_serves_as_ca_file(
    plumbline: Run, center: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text(center.certificate_pem)
    told = added(plumbline, center, "--ca", str(file))
    assert told.code == 0, told.err
    assert plumbline("connection", "test", "sc").code == 0
