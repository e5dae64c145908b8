"""The API keeps what its description promises: made-up requests, right and wrong, to every one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from hosted import HOST
from plumbline.domain.person import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from town import Town

ADDRESS = "/api/openapi.json"
EXAMPLES = 3
# What a filter, a column or a time may be says no schema: 400 with a problem object is an answer.
ANSWERS = ["2xx", "400", "404"]
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ANSWERS}}}


@pytest.fixture
def api(town: Town) -> Iterator[tuple[Any, dict[str, str]]]:
    """The description as the site serves it, over the site itself, and an administrator's token."""
    # Three seconds, for whoever runs this alone.
    import schemathesis  # noqa: PLC0415
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415
    from django.core.signals import request_finished, request_started  # noqa: PLC0415
    from django.db import close_old_connections  # noqa: PLC0415
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415

    headers = {**town.token("admin", Role.ADMIN), "Host": HOST}
    config = SchemathesisConfig.from_dict(CONFIG)
    # As Django's own test client does: what a test changes is not committed.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        app = WSGIHandler()
        yield schemathesis.openapi.from_wsgi(ADDRESS, app, config=config, headers=headers), headers
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.mark.parametrize("kind", ["positive", "negative"])
def test_every_address_keeps_its_contract(api: tuple[Any, dict[str, str]], kind: str) -> None:
    from schemathesis import GenerationMode  # noqa: PLC0415

    schema, headers = api
    mode = GenerationMode(kind)
    tried = 0
    for one in schema.get_all_operations():
        operation = one.ok()
        if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters):
            continue
        tried += 1
        kept(operation, headers, mode)
    assert tried > 15


def kept(operation: Any, headers: dict[str, str], mode: Any) -> None:
    """Ask an address some things, and look at the answers with every check there is."""

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers)

    ask()
