"""The link by which somebody without an account enters the keys of one connection."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from consoles import console

from plumbline.domain.connection import Address, Connection
from plumbline.errors import ConfigurationError
from plumbline.ledger import audit, connections

if TYPE_CHECKING:
    from town import Town

    from plumbline.emulator.emulator import Emulator

pytestmark = pytest.mark.network
NOWHERE = "http://127.0.0.1:9"
TYPED = {"access": "typedaccesskey", "secret": "typedsecretkey"}


def keyless(url: str = NOWHERE, name: str = "lab") -> None:
    connections.add(Connection(name=name, address=Address(url=url)), None)


def linked(town: Town, name: str = "lab") -> str:
    """The path of a new link, as an administrator is shown it."""
    told = town.browser("admin").post(f"/connections/{name}/hand-over").content.decode()
    return str(re.findall(r"<code>https?://[^/]+(/hand-over/[\w-]+)</code>", told)[0])


def keys_of(found: Emulator) -> dict[str, str]:
    return {"access": found.access_key, "secret": found.secret_key}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_keys_are_handed_over_once_and_never_shown(town: Town) -> None:
    stranger = town.browser()
    with console() as found:
        keyless(found.url)
        path = linked(town)
        page = text(stranger.get(path))
        assert found.url in page
        assert "Allow API Keys" in page
        assert "shown this once" in page
        done = text(stranger.post(path, keys_of(found)))
        assert "The console accepts them" in done
        assert found.secret_key not in page + done
        assert connections.get_keys("lab").secret == found.secret_key
        for answer in (stranger.get(path), stranger.post(path, TYPED)):
            assert answer.status_code == 404
            assert "used already" in text(answer)
    assert connections.get_keys("lab").secret == found.secret_key
    acts = [(act.who, act.action, act.subject) for act in audit.listing()]
    assert ("hand-over link of lab", "use keys link", "lab") in acts
    assert ("hand-over link of lab", "rotate-keys", "lab") in acts
    assert ("admin", "make keys link", "lab") in acts
    assert found.secret_key not in str(list(audit.listing()))


def test_the_fingerprint_of_the_console_is_shown(town: Town) -> None:
    with console(http=False) as found:
        keyless(found.url)
        page = text(town.browser().get(linked(town)))
    assert re.search(r"<code>([0-9A-F]{2}:){31}[0-9A-F]{2}</code>", page)


def test_keys_that_the_console_refuses_leave_the_link_good(town: Town) -> None:
    stranger = town.browser()
    with console() as found:
        keyless(found.url)
        path = linked(town)
        told = text(stranger.post(path, TYPED))
        assert "does not accept" in told or "refuses keys" in told
        assert TYPED["secret"] not in told
        assert "Thank you" in text(stranger.post(path, keys_of(found)))


def test_a_console_that_is_away_takes_no_keys_from_nobody(town: Town) -> None:
    keyless()
    told = text(town.browser().post(linked(town), TYPED))
    assert "could not be asked" in told
    assert connections.get_keys("lab").access == TYPED["access"]


def test_every_bad_link_looks_the_same(town: Town) -> None:
    from plumbline.ledger.people import links  # noqa: PLC0415
    from plumbline.ledger.people.records import LinkKind  # noqa: PLC0415

    keyless()
    stranger = town.browser()
    replaced = linked(town)
    used = linked(town)
    stranger.post(used, TYPED)
    late = links.make(LinkKind.KEYS, lasts=timedelta(seconds=-1), subject="lab")
    other = links.make(LinkKind.PASSWORD, lasts=timedelta(hours=1), person="viewer")
    gone = links.make(LinkKind.KEYS, lasts=timedelta(hours=1), subject="nobody's")
    paths = [replaced, used, *(f"/hand-over/{one}" for one in (late, other, gone, "never-made"))]
    answers = [stranger.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({text(answer) for answer in answers}) == 1
    assert stranger.post(paths[0], TYPED).status_code == 404


def test_a_link_does_not_outlive_its_connection(town: Town) -> None:
    keyless()
    path = linked(town)
    connections.remove("lab")
    keyless()
    stranger = town.browser()
    assert stranger.post(path, TYPED).status_code == 404
    with pytest.raises(ConfigurationError):
        connections.get_keys("lab")


def test_guessing_is_slowed_down(town: Town) -> None:
    keyless()
    stranger, path = town.browser(), linked(town)
    answers = [stranger.get(f"/hand-over/guess-{n}").status_code for n in range(25)]
    assert answers[:20] == [404] * 20
    assert answers[-1] == 429
    assert stranger.get(path).status_code == 429
    far: dict[str, Any] = {"REMOTE_ADDR": "192.0.2.7"}
    assert stranger.get(path, **far).status_code == 200


def test_the_link_opens_nothing_else(town: Town) -> None:
    keyless()
    stranger = town.browser()
    stranger.get(linked(town))
    assert stranger.get("/connections/lab").status_code == 302
    assert "sessionid" not in stranger.cookies


def test_wrong_keys_are_told_at_their_field(town: Town) -> None:
    keyless()
    stranger, path = town.browser(), linked(town)
    answer = stranger.post(path, {"access": "a b", "secret": "typedsecretkey"})
    assert list(answer.context["form"].errors) == ["access"]
    assert "typedsecretkey" not in text(answer)


def test_who_may_not_set_keys_makes_no_link(town: Town) -> None:
    keyless()
    assert town.browser("manager").post("/connections/lab/hand-over").status_code == 403
