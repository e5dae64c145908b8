"""A console to ask: every read Plumbline makes, judged, retried and written down.

One request is in flight at a time, whichever thread asks (Tenable advises against parallel
calls); all methods may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

from plumbline.console.fault import BrokenError, StaleError
from plumbline.console.gate import ANALYSIS, Permit, get
from plumbline.console.query import Analysis, Tool, seen_between
from plumbline.console.records import (
    AssetList,
    Named,
    Repository,
    Status,
    System,
    User,
    read_asset_lists,
)
from plumbline.console.redaction import Redactor
from plumbline.console.retry import Patience
from plumbline.console.transport import Transport
from plumbline.console.verdict import judge
from plumbline.console.wire import (
    FamilyRow,
    HostRow,
    Page,
    PluginRow,
    SeverityRow,
    decode_page,
    decode_response,
    read_severity_counts,
)
from plumbline.domain.request import RequestRecord
from plumbline.domain.severity import Severity
from plumbline.errors import PlumblineError, QueryRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from plumbline.console.budget import Budget
    from plumbline.console.reply import Reply
    from plumbline.domain.connection import Connection, Keys
    from plumbline.domain.request import RequestLog

_log = logging.getLogger(__name__)
T = TypeVar("T")

_PAGE = 1000
_USER = (
    "id,uuid,username,firstname,lastname,status,role,group,responsibleAsset,organization,orgName,"
    "locked,authType,lastLogin,mustChangePassword,passwordExpires,passwordExpiration"
)
_REPOSITORY = (
    "id,uuid,name,description,type,dataFormat,vulnCount,lastVulnUpdate,running,createdTime,"
    "modifiedTime,typeFields"
)
_ASSET_LIST = (
    "id,uuid,owner,groups,ownerGroup,status,name,type,template,description,createdTime,"
    "modifiedTime,ipCount,repositories,targetGroup,tags,creator,context,typeFields"
)
"""The fields Tenable recommends, with the definition and the context added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    permit: Permit
    body: bytes | None = None
    summary: str = ""


class Console:
    """One console, asked through one connection."""

    def __init__(
        self,
        connection: Connection,
        keys: Keys | None,
        log: RequestLog,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        budget: Budget | None = None,
    ) -> None:
        self._connection = connection
        self._budget = budget
        self._log = log
        self._clock = clock
        self._redactor = Redactor.of(connection, keys)
        self._patience = Patience(retries=connection.manners.retries, sleep=sleep)
        self._transport = Transport(connection, keys)
        self._line = threading.Lock()
        self._heeds_was = True
        self.requests_made = 0
        """Requests sent, the failed ones included."""
        self.bytes_received = 0
        self.clock_skew: float | None = None
        """Seconds the console's clock is ahead of ours (negative: behind); None before an answer.

        Within a second or two when they agree: the console tells whole seconds.
        """
        self.version_told = ""
        """The version in the header of the last answer that had one, refusals included."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the line; a later question opens it anew."""
        self._transport.close()

    # -- the console itself ---------------------------------------------------------------

    def system(self) -> System:
        """The console's version and build; most versions tell them without keys."""
        return System.read(self._object(get("/rest/system")))

    def status(self) -> Status:
        """Jobs, licence and age of the plugins."""
        return Status.read(self._object(get("/rest/status")))

    def current_user(self) -> User:
        """Whose keys these are; Tenable's documented probe of keys."""
        return User.read(self._object(get("/rest/currentUser", fields=_USER)))

    def organization(self) -> Named:
        """The organisation of the keys' user."""
        return Named.read(self._object(get("/rest/currentOrganization")))

    def plugin_families(self) -> dict[int, str]:
        """Names of all plugin families by id."""
        found = map(Named.read, self._list(get("/rest/pluginFamily")))
        return {one.id: one.name for one in found if one.id is not None}

    # -- repositories and asset lists -----------------------------------------------------

    def repositories(self) -> list[Repository]:
        """The repositories these keys may see.

        Where the list leaves out when a repository last changed, each is asked for it.
        """
        found = map(Repository.read, self._list(get("/rest/repository", fields=_REPOSITORY)))
        return [one if one.tells_update else self._with_update(one) for one in found]

    def _with_update(self, one: Repository) -> Repository:
        """The repository, completed from its own page where the keys may open that."""
        try:
            detail = Repository.read(self._object(get(f"/rest/repository/{one.id}")))
        except QueryRefusedError as error:
            _log.info("Repository %s does not tell when it changed: %s", one.id, error)
            return one
        return replace(
            one,
            last_update=detail.last_update,
            tells_update=detail.tells_update,
            findings=detail.findings if one.findings is None else one.findings,
            extra=detail.extra | one.extra,
        )

    def asset_lists(self) -> list[AssetList]:
        """The asset lists these keys may use, with their definitions, ordered by id."""
        chosen = ",".join(self._connection.lists.filters)
        permit = get("/rest/asset", filter=chosen, fields=self._list_fields())
        return self._ask(
            _Question(permit=permit, summary=permit.query),
            lambda reply: read_asset_lists(decode_response(reply.body)),
        )

    def asset_list(self, number: int, *, viewable: bool = True) -> AssetList:
        """One asset list; with its addresses in each repository unless `viewable` is False."""
        fields = self._list_fields(*(("viewableIPs",) if viewable else ()))
        return AssetList.read(self._object(get(f"/rest/asset/{number}", fields=fields)))

    def _list_fields(self, *more: str) -> str:
        """The usual fields of an asset list, and those that the connection names, each once."""
        names = (*_ASSET_LIST.split(","), *self._connection.lists.fields, *more)
        return ",".join(dict.fromkeys(names))

    # -- findings -------------------------------------------------------------------------

    def analysis(
        self, query: Analysis, start: int, end: int, *, retries: int | None = None
    ) -> Reply:
        """The answer to one window of a question, unread: HTTP 200 and error code 0 for certain.

        `retries` replaces the connection's budget for this call.

        Raises:
            RetriableError: still broken or slow after the budget; a smaller window may help.
            UnreachableError: not answered at all after the budget.
            QueryRefusedError: the console refuses this question.
            RefusedError: the console refuses the keys.
        """
        return self._analyse(query, start, end, lambda reply: reply, retries)

    def page(
        self,
        query: Analysis,
        start: int,
        end: int,
        row_type: type[T],
        *,
        retries: int | None = None,
    ) -> Page[T]:
        """One window of a question, read into rows; broken JSON is asked for again.

        Raises:
            PlumblineError: as `analysis`.
        """

        def read(reply: Reply) -> Page[T]:
            return decode_page(reply.body, row_type, start=start, end=end)

        return self._analyse(query, start, end, read, retries)

    def severity_counts(self, query: Analysis) -> dict[Severity, int]:
        """How many findings the console counts for each severity, with the query's conditions."""
        asked = replace(query, tool=Tool.SUMSEVERITY, sort=None)

        def read(reply: Reply) -> dict[Severity, int]:
            return read_severity_counts(decode_page(reply.body, SeverityRow))

        counted = Counter[Severity]()
        for question in asked.questions:
            counted.update(self._analyse(question, 0, len(Severity), read))
        return {severity: counted[severity] for severity in Severity}

    def host_rows(self, query: Analysis, size: int | None = None) -> Iterator[HostRow]:
        """The hosts with findings that meet the query's conditions, one row a repository.

        Pages as it goes; rows may repeat when the console changes meanwhile.
        """
        return self._sums(replace(query, tool=Tool.SUMIP), HostRow, size)

    def plugin_rows(self, query: Analysis, size: int | None = None) -> Iterator[PluginRow]:
        """The plugins of the findings that meet the query's conditions, with their numbers.

        Pages as it goes; rows may repeat when the console changes meanwhile.
        """
        return self._sums(replace(query, tool=Tool.SUMID), PluginRow, size)

    def family_rows(self, query: Analysis, size: int | None = None) -> Iterator[FamilyRow]:
        """The plugin families of the findings that meet the query's conditions, with their numbers.

        Pages as it goes; rows may repeat when the console changes meanwhile.
        """
        return self._sums(replace(query, tool=Tool.SUMFAMILY), FamilyRow, size)

    def _sums(self, asked: Analysis, row_type: type[T], size: int | None) -> Iterator[T]:
        step = size or self._connection.manners.page_size or _PAGE
        for question in asked.questions:
            start, total = 0, 1
            while start < total:
                page = self._sum_page(question, start, start + step, row_type)
                yield from page.rows
                total = (page.total or 0) if page.rows else 0
                start += step

    def _sum_page(self, query: Analysis, start: int, end: int, row_type: type[T]) -> Page[T]:
        def read(reply: Reply) -> Page[T]:
            page = decode_page(reply.body, row_type, start=start, end=end)
            if page.total is None:
                raise BrokenError(f"The console did not say how many rows {query.tool} has.")
            return page

        return self._analyse(query, start, end, read)

    def heeds_epochs(self) -> bool:
        """Whether time filters in epoch seconds work here; if not, days must be used.

        Two questions: all findings, and those seen from the year 2000 to tomorrow. Some consoles
        refuse the second (146), others answer it with nothing.
        """
        everything = Analysis(tool=Tool.SUMSEVERITY)
        tomorrow = int(self._clock() + abs(self.clock_skew or 0)) + 86_400
        try:
            dated = self.severity_counts(everything.where(seen_between(_LONG_AGO, tomorrow)))
        except QueryRefusedError as error:
            _log.info("The console refuses epoch time filters: %s", error)
            return False
        return any(dated.values()) or not any(self.severity_counts(everything).values())

    def _analyse(
        self,
        query: Analysis,
        start: int,
        end: int,
        accept: Callable[[Reply], T],
        retries: int | None = None,
    ) -> T:
        """Ask a window; without the `wasVuln` filter where the console does not know it."""
        known = query if self._heeds_was else replace(query, was_filter=False)
        summary = f"{known.summary} [{start}-{end})"
        asked = _Question(permit=ANALYSIS, body=known.body(start, end), summary=summary)
        try:
            return self._ask(asked, accept, retries)
        except QueryRefusedError as error:
            if not known.was_filter or error.code != _INVALID or "'wasVuln'" not in error.what:
                raise
            _log.info("The console knows no web scanning filter; asking without it")
            self._heeds_was = False
        return self._analyse(query, start, end, accept, retries)

    def _object(self, permit: Permit) -> dict[str, Any]:
        def read(reply: Reply) -> dict[str, Any]:
            if not isinstance(found := decode_response(reply.body), dict):
                raise BrokenError(f"{permit.path} did not answer with an object.")
            return found

        return self._ask(_Question(permit=permit, summary=permit.query), read)

    def _list(self, permit: Permit) -> list[dict[str, Any]]:
        def read(reply: Reply) -> list[dict[str, Any]]:
            if not isinstance(found := decode_response(reply.body), list):
                raise BrokenError(f"{permit.path} did not answer with a list.")
            return [one for one in found if isinstance(one, dict)]

        return self._ask(_Question(permit=permit, summary=permit.query), read)

    def _ask(self, asked: _Question, accept: Callable[[Reply], T], retries: int | None = None) -> T:
        return self._patience.persist(lambda number: self._once(asked, number, accept), retries)

    def _once(self, asked: _Question, attempt: int, accept: Callable[[Reply], T]) -> T:
        """One attempt; a request that a dying connection swallowed is sent again within it."""
        try:
            return self._try(asked, attempt, accept)
        except StaleError:
            return self._try(asked, attempt, accept)

    def _try(self, asked: _Question, attempt: int, accept: Callable[[Reply], T]) -> T:
        """Send, judge and read once; written down whatever comes of it."""
        if self._budget is not None:
            self._budget.take()
        at, began = self._clock(), time.perf_counter()
        reply: Reply | None = None
        outcome = "interrupted"
        try:
            reply = self._send(asked)
            judge(reply, self._redactor, now=self._clock())
            result = accept(reply)
            outcome = "ok"
        except PlumblineError as error:
            error.what = self._redactor.clean(error.what)
            error.args = (error.what,)
            outcome = self._redactor.line(error.what)
            raise
        finally:
            self._log.record(
                RequestRecord(
                    at=datetime.fromtimestamp(at, UTC),
                    method=asked.permit.method.value,
                    path=asked.permit.path,
                    summary=asked.summary,
                    status=reply.status if reply is not None else 0,
                    received=reply.received if reply is not None else 0,
                    seconds=reply.seconds if reply is not None else time.perf_counter() - began,
                    attempt=attempt,
                    outcome=outcome,
                )
            )
        return result

    def _send(self, asked: _Question) -> Reply:
        """Send, and keep what every answer tells besides its body."""
        with self._line:
            self.requests_made += 1
            sent = self._clock()
            reply = self._transport.send(asked.permit, asked.body)
            self.bytes_received += reply.received
            self.version_told = reply.version or self.version_told
            if reply.date is not None:
                # Any moment between sending and the last byte would be no skew at all.
                self.clock_skew = reply.date - min(max(reply.date, sent - 1), self._clock())
        return reply


_LONG_AGO = 946_684_800
"""The year 2000 in epoch seconds: before any finding, and not to be taken for days."""
_INVALID = 146
"""The code for a filter or parameter the console does not know."""
