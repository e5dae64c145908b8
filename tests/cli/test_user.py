"""`plumbline user` and `plumbline serve`: who may sign in, and how the site is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from commandline import Run, Spawn

pytestmark = pytest.mark.usefixtures("settled")


def test_people_are_administered_on_the_terminal(spawn: Spawn) -> None:
    """Each command is a process of its own: the site's settings are those of the process."""
    added = spawn("user", "add", "ada", "--role", "admin", "--url", "https://plumb.example/")
    assert added.code == 0, added.err
    assert added.out.startswith("https://plumb.example/password/")
    told = spawn("user", "password", "ada", stdin="a long enough password\n")
    assert told.code == 0, told.err
    assert "a long enough password" not in told.out + told.err
    (ada,) = spawn("user", "list", "--json").data
    assert (ada["name"], ada["role"], ada["has_password"]) == ("ada", "admin", True)
    only = spawn("user", "disable", "ada")
    assert only.code == 2
    assert "only administrator" in only.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("user", "add", "a b"), "no name to sign in with"),
        (("user", "add", "bob", "--sees", "lab/repository/x"), "no number at its end"),
        (("user", "link", "nobody"), "no person"),
    ],
)
def test_what_cannot_be_is_told(spawn: Spawn, words: tuple[str, ...], told: str) -> None:
    found = spawn(*words)
    assert found.code == 2
    assert told in found.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--http", "--host", "10.0.0.1"), "loopback"),
        (("--certificate", "x.pem"), "belong together"),
        (("--http", "--certificate", "x.pem", "--key", "y.pem"), "needs no certificate"),
    ],
)
def test_what_cannot_be_served_is_told(plumbline: Run, words: tuple[str, ...], told: str) -> None:
    found = plumbline("serve", *words)
    assert found.code == 2
    assert told in found.err
