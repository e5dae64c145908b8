"""What tests of several packages share: a small estate to ask, and no network unless marked."""

from __future__ import annotations

import signal
from contextlib import nullcontext
from typing import TYPE_CHECKING

import hypothesis
import pytest

from refusal import refused
from rounds import FEW_EXAMPLES, SOAK

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from plumbline.posture.engine import Estate
    from postgresql import Database, Server
    from small import Made


def pytest_configure() -> None:
    """Let what tests start be interrupted, and try fewer examples than `make soak`."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background job ignores SIGINT, and so would every process of a test.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not SOAK:
        hypothesis.settings.register_profile("test", max_examples=FEW_EXAMPLES)
        hypothesis.settings.load_profile("test")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Refuse sockets to a test without the mark `network`, from its set-up to its tear-down."""
    with nullcontext() if item.get_closest_marker("network") else refused():
        return (yield)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the mark `soak` to `make soak`, and begin with what takes longest.

    Otherwise a worker may be left with it at the end.
    """
    if not SOAK:
        left_out = [item for item in items if item.get_closest_marker("soak")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session")
def made() -> Made:
    # The engine takes a second to import, which most tests need not wait for.
    from small import make  # noqa: PLC0415

    return make()


@pytest.fixture(scope="session")
def estate(made: Made) -> Estate:
    return made.estate


@pytest.fixture(scope="session")
def nothing() -> Estate:
    """An estate in which nothing was found."""
    from small import engine_over  # noqa: PLC0415

    return engine_over({})


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL of this process's own, begun when it is first asked for."""
    # Its driver need not be imported where nobody asks.
    from postgresql import Server, programs  # noqa: PLC0415

    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed; scripts/postgresql does that")
    server = Server(programs=found)
    try:
        server.start()
        yield server
    finally:
        server.discard()


@pytest.fixture
def postgresql(postgresql_server: Server) -> Iterator[Database]:
    """An empty database on a running PostgreSQL; give a test that uses it the mark `network`.

    `url` is its address; `stop`, `start` and `restart` are the server's.
    """
    postgresql_server.start()
    database = postgresql_server.create()
    yield database
    database.drop()


@pytest.fixture(scope="session")
def _tables(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database that has the ledger's tables, and nothing in them."""
    from plumbline.config.settings import Settings  # noqa: PLC0415 - Django, likewise
    from plumbline.ledger import opening  # noqa: PLC0415

    postgresql_server.start()
    database = postgresql_server.create()
    home = tmp_path_factory.mktemp("tables")
    opening.open_ledger(Settings(home=home, database_url=database.url))
    opening.close()
    return database.name


@pytest.fixture
def tabled(postgresql_server: Server, _tables: str) -> Iterator[Database]:
    """A database as `postgresql`, with the ledger's tables: making them takes long."""
    postgresql_server.start()
    database = postgresql_server.create(_tables)
    yield database
    database.drop()
