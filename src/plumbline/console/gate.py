"""The one place that says what may be asked of a console: reads, and nothing else.

A request can only be made from a `Permit`, and a permit that is not in the table below cannot
be built. The console sees every permit as it stands here: a method, a fixed path with at most
one number in it, and parameters whose names are listed. `POST /rest/analysis` is the only POST;
it runs a query and stores nothing (https://docs.tenable.com/security-center/api/Analysis.htm).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode

from plumbline.errors import UsageError


class Method(StrEnum):
    """The two methods a read can have."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class Rule:
    """One allowed read: a path where `{id}` stands for a number, and its parameters' names."""

    method: Method
    path: str
    parameters: frozenset[str] = frozenset()

    def admits(self, permit: Permit) -> bool:
        """Whether the permit is an instance of this rule."""
        return (
            permit.method is self.method
            and re.fullmatch(self.path.replace("{id}", "[0-9]{1,10}"), permit.path) is not None
            and {name for name, _ in permit.parameters} <= self.parameters
        )


_SHAPE = ("fields", "filter")
_PAGED = (*_SHAPE, "startOffset", "endOffset", "limit", "sortField", "sortDirection")


def _get(path: str, *parameters: str) -> Rule:
    return Rule(Method.GET, path, frozenset(parameters))


TABLE: tuple[Rule, ...] = (
    _get("/rest/system"),
    _get("/rest/status", "fields"),
    _get("/rest/currentUser", "fields"),
    _get("/rest/currentOrganization", "fields"),
    _get("/rest/repository", "fields", "type"),
    _get("/rest/repository/{id}", "fields"),
    _get("/rest/asset", *_SHAPE, "template"),
    _get("/rest/asset/{id}", "fields"),
    _get("/rest/plugin", *_PAGED, "filterField", "op", "value", "since", "type"),
    _get("/rest/plugin/{id}", "fields"),
    _get("/rest/pluginFamily", "fields"),
    _get("/rest/hosts", *_PAGED, "pagination"),
    _get("/rest/acceptRiskRule", "fields", "repositoryIDs", "pluginID", "port"),
    _get("/rest/recastRiskRule", "fields", "repositoryIDs", "pluginID", "port"),
    _get("/rest/scanResult", *_SHAPE, "startTime", "endTime"),
    _get("/rest/group", "fields"),
    _get("/rest/role", "fields"),
    _get("/rest/user", "fields"),
    Rule(Method.POST, "/rest/analysis"),
)


@dataclass(frozen=True, slots=True)
class Permit:
    """One read that the table allows.

    Raises:
        UsageError: the table has no such read; nothing is sent.
    """

    method: Method
    path: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not any(rule.admits(self) for rule in TABLE):
            raise UsageError(
                f"{self.method} {self.path} is not a read that Plumbline makes.",
                advice="See the table in plumbline.console.gate for what may be asked.",
                unchanged="No request was sent.",
            )

    @property
    def query(self) -> str:
        """The parameters, encoded; empty when there are none."""
        return urlencode(self.parameters, safe=",:")

    @property
    def target(self) -> str:
        """Path and parameters as they stand in the request line."""
        return f"{self.path}?{self.query}" if self.parameters else self.path


def get(path: str, **parameters: str) -> Permit:
    """Permit a GET; parameters in the order given."""
    return Permit(Method.GET, path, tuple(parameters.items()))


ANALYSIS = Permit(Method.POST, "/rest/analysis")
