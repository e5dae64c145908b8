"""The frozen values this package hands out and takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from plumbline.domain.connection import Connection
    from plumbline.domain.deadlines import Deadlines
    from plumbline.domain.job import JobState
    from plumbline.domain.run import RunMode, RunState
    from plumbline.domain.snapshot import Pin


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A connection with what the ledger knows about it."""

    connection: Connection
    paused: bool
    created: datetime
    changed: datetime
    has_keys: bool
    retired: datetime | None = None
    """When it was given up; what was published of it is still shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One reading of a console. Times are UTC."""

    number: int
    connection: str
    mode: RunMode
    state: RunState
    started: datetime
    ended: datetime | None
    error: str
    advice: str
    counts: Mapping[str, int]
    requests: int
    received: int
    """Bytes of all answers."""
    seconds: float
    """Time at work, without the pause between a kill and its resumption."""
    rows: int = 0
    """Findings received, repeats included."""
    sight: Mapping[str, Any] = field(default_factory=dict)
    """What the keys could see: user, role, group, repositories."""
    by: str = "command"
    """What began it."""
    code: int = 0
    """The exit code of the error that ended it: what kind it was; 0 without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The wish that a connection is read, and what became of it. Times are UTC."""

    id: int
    connection: str
    state: JobState
    full: bool
    by: str
    """Who asked: ``schedule``, or a user."""
    asked: datetime
    due: datetime
    """It does not begin before."""
    began: datetime | None
    ended: datetime | None
    run: int | None
    """The number of its last run."""
    attempts: int
    """Runs it took so far."""
    turn: int
    """How often it was given to the workers."""
    settled_run: int
    """The last run whose end was taken note of."""
    failures: int
    """Failures that may pass, in a row."""
    failing_since: datetime | None
    incompletes: int
    """Runs that could not be proven, in a row."""
    note: str
    """Why it waits."""
    error: str
    advice: str
    stopped_by: str
    """Who asked it to stop, if anybody did."""
    worker: str = ""
    """Which worker is at it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that works off jobs."""

    name: str
    host: str
    pid: int
    started: datetime
    heartbeat: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a connection is to be read without anybody asking."""

    connection: str
    rule: str
    """An interval (``every 24h``) or a cron line."""
    blackout: tuple[str, ...]
    """Hours in which no run begins, as ``HH:MM-HH:MM``."""
    jitter_minutes: int
    next_at: datetime | None
    changed: datetime
    """When it was set: intervals are counted from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """How one slice of a run was read."""

    name: str
    state: str
    expected: int | None
    """Rows the console announced; unknown when it never did."""
    distinct: int
    """Rows with different keys that were read."""
    passes: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """A kind of odd value, how often it was met, and one example."""

    kind: str
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What a run wants to publish."""

    as_of: datetime
    """The moment the data speaks of: when the run began to read."""
    tables: Mapping[str, Pin]
    plan: Mapping[str, Any] = field(default_factory=dict)
    """Where the console stood, as JSON: what the next run compares with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A published run."""

    run: int
    connection: str
    state: RunState
    as_of: datetime
    published: datetime
    tables: Mapping[str, Pin]
    plan: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The requests of a run in sum."""

    requests: int
    received: int
    seconds: float
    failed: int
    """Requests whose outcome was not ``ok``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One line of the audit."""

    id: int
    """Grows from line to line."""
    at: datetime
    who: str
    action: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which lines of the audit are wanted; what is empty is not asked of."""

    who: str = ""
    """A part of the name, whatever its letters' case; so for the next two."""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    """From this moment on."""
    until: datetime | None = None
    """Before this moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Deadlines that somebody set. Times are UTC."""

    at: datetime
    who: str
    deadlines: Deadlines | None
    """None where the settings were let decide again."""
