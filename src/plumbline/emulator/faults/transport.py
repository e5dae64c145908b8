"""Faults of `/analysis` answers on their way: errors, error pages, resets, cuts and delays."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from plumbline.emulator.faults.base import BadFaultError, Fault
from plumbline.emulator.wire import HTML, Manner, Reply, dump


class Error500(Fault):
    """`/analysis` answers 500 with an error page in HTML. Once, ARG times, or `always`."""

    name = "error-500"
    times = 1

    def instead(self) -> Reply | None:
        """Answer with the error page."""
        return _error_page(500, "Internal Server Error") if self.happens() else None


class Html502(Fault):
    """A proxy answers 502 and HTML in place of `/analysis`. Once, ARG times, or `always`."""

    name = "html-502"
    times = 1

    def instead(self) -> Reply | None:
        """Answer with the proxy's page."""
        return _error_page(502, "Bad Gateway") if self.happens() else None


class Locked403(Fault):
    """`/analysis` answers 403 with “database is locked”. Once, ARG times, or `always`."""

    name = "locked-403"
    times = 1

    def instead(self) -> Reply | None:
        """Answer that the database is locked."""
        return _locked(403) if self.happens() else None


class Locked200(Fault):
    """`/analysis` answers 200 but holds “database is locked”. Once, ARG times, or `always`."""

    name = "locked-200"
    times = 1

    def instead(self) -> Reply | None:
        """Answer that the database is locked, with a status that says all is well."""
        return _locked(200) if self.happens() else None


class Rate429(Fault):
    """`/analysis` answers 429 with `Retry-After: 1`. Once, ARG times, or `always`."""

    name = "rate-429"
    times = 1

    def instead(self) -> Reply | None:
        """Ask for patience."""
        if not self.happens():
            return None
        return replace(_error_page(429, "Too Many Requests"), headers=(("Retry-After", "1"),))


class _Cut(Fault):
    """An answer that does not arrive whole."""

    times = 1
    manner: ClassVar[Manner]

    def reply(self, reply: Reply) -> Reply:
        """Cut it."""
        return replace(reply, manner=self.manner) if self.happens() else reply


class Reset(_Cut):
    """The connection is reset before a byte of the answer. Once, ARG times, or `always`."""

    name = "reset"
    manner = Manner.RESET


class ResetBody(_Cut):
    """The connection is reset in the middle of the body. Once, ARG times, or `always`."""

    name = "reset-body"
    manner = Manner.RESET_BODY


class TruncatedJson(_Cut):
    """The JSON ends in the middle although HTTP is whole. Once, ARG times, or `always`."""

    name = "truncated-json"
    manner = Manner.TRUNCATED


class SlowBody(Fault):
    """The body of every `/analysis` answer is drawn out over ARG seconds (1 by default)."""

    name = "slow-body"

    def read(self, argument: str) -> None:
        """Take the seconds."""
        self._seconds = _seconds(self.name, argument or "1")

    def reply(self, reply: Reply) -> Reply:
        """Draw the body out."""
        return replace(reply, trickle=self._seconds)


def _seconds(name: str, argument: str) -> float:
    try:
        return float(argument)
    except ValueError:
        raise BadFaultError(f"fault {name}: {argument!r} is not a number of seconds") from None


def _error_page(status: int, reason: str) -> Reply:
    page = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n'
        f"<html><head>\n<title>{status} {reason}</title>\n</head><body>\n<h1>{reason}</h1>\n"
        "<p>The server could not complete your request.</p>\n</body></html>\n"
    )
    return Reply(status=status, body=page.encode(), content_type=HTML, versioned=False)


def _locked(status: int) -> Reply:
    text = "Unable to process Vuln Query.\nSQL error: database is locked\n"
    body = {
        "type": "regular",
        "response": "",
        "error_code": 143,
        "error_msg": text,
        "warnings": [],
        "timestamp": 0,
    }
    return Reply(status=status, body=dump(body))
