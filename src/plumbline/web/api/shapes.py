"""The forms of answers, for the description of the API: made from what the questions declare."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, create_model

from plumbline.posture.relation import FieldKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.posture.relation import Heading, Relation

_TYPES: dict[FieldKind, Any] = {
    FieldKind.TEXT: str,
    FieldKind.KEY: str,
    FieldKind.WORD: str,
    FieldKind.SEVERITY: str,
    FieldKind.ADDRESS: str | list[str],
    FieldKind.INTEGER: int,
    FieldKind.DAYS: int,
    FieldKind.NUMBER: float,
    FieldKind.FLAG: bool,
    FieldKind.TIME: datetime,
    FieldKind.TEXTS: list[str],
}


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="what happened, in one sentence")
    advice: str | None = Field(None, description="what to try")
    unchanged: str | None = Field(None, description="what was left as it was")


class Envelope(BaseModel):
    """What every answer is wrapped in."""

    schema_: str = Field(alias="schema", description="form of the data, as `plumbline/NAME/1`")


class Stamp(Envelope):
    """An answer about the posture."""

    as_of: datetime | None = Field(description="oldest moment the data speaks for, UTC")
    complete: bool = Field(description="every run agreed with its console's own totals")
    stale: bool = Field(description="older than it should be")


def one(name: str, headings: Iterable[Heading]) -> type[BaseModel]:
    """A row with these columns; any may be missing where other columns are asked for."""
    fields: dict[str, Any] = {
        heading.name: (_TYPES[heading.kind] | None, Field(None, description=heading.doc))
        for heading in headings
    }
    return create_model(name, **fields)


def page(relation: Relation) -> type[BaseModel]:
    """A page of a relation's rows."""
    row = one(relation.name.title().rstrip("s"), (field.heading for field in relation.fields))
    fields: dict[str, Any] = {
        "data": (list[row], ...),  # type: ignore[valid-type]
        "query": (str, Field(description="the filter with what it says by default")),
        "total": (int, Field(description="rows that match, on all pages")),
        "next": (str | None, Field(description="give it as `after` for the next page")),
    }
    return create_model(f"{relation.name.title()}Page", __base__=Stamp, **fields)


class Rows(Stamp):
    """The rows of a question."""

    data: list[dict[str, Any]]


class Row(Stamp):
    """A single row."""

    data: dict[str, Any]


class Some(Envelope):
    """Objects."""

    data: list[dict[str, Any]]


class One(Envelope):
    """An object."""

    data: dict[str, Any]


REFUSALS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 503), Problem)
