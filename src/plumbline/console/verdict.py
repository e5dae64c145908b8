"""Judges an answer: usable, asked again later, keys refused, or question refused.

The console says no in many ways: 403 stands for nearly everything, errors come inside a 200, and
some JSON calls itself text/html. So the body decides, whatever its type says, and the code comes
before the wording. Facts: https://docs.tenable.com/security-center/api_best_practices/Content/
APIKeyAuthorization.htm and recorded answers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from plumbline.console.fault import BrokenError
from plumbline.console.scalar import Scalar, identity, text
from plumbline.errors import (
    PlumblineError,
    QueryRefusedError,
    RefusedError,
    RetriableError,
    UnreachableError,
)

if TYPE_CHECKING:
    from plumbline.console.redaction import Redactor
    from plumbline.console.reply import Reply


class Refusal(StrEnum):
    """Why the keys are not let in, as far as the answer tells."""

    DISABLED = "API keys are switched off on the console"
    WRONG = "the console does not accept these keys"
    UNCLEAR = "the console refuses keys: they are wrong, or API keys are switched off"
    LOCKED = "the user of these keys is locked"
    EXPIRED = "the password of these keys' user has expired or must be changed"
    RIGHTS = "the user of these keys may not do this"

    @property
    def sentence(self) -> str:
        """The reason with a capital, to begin a sentence."""
        return f"{self.value[0].upper()}{self.value[1:]}"


class KeysRefusedError(RefusedError):
    """The console refused the keys or their user."""

    def __init__(self, refusal: Refusal, *, status: int, code: int | None, said: str) -> None:
        quoted = f" It said: {said}" if said else ""
        super().__init__(
            f"{refusal.sentence} (HTTP {status}, code {code}).{quoted}",
            advice=_ADVICE[refusal],
            unchanged="Nothing on the console; the last good snapshot stays.",
        )
        self.refusal = refusal
        self.status = status
        self.code = code


_ADVICE = {
    Refusal.DISABLED: "An administrator enables System > Configuration > Security > "
    "Authentication Settings > Allow API Keys.",
    Refusal.WRONG: "Generate a new pair under Users > Users > API Keys and store both keys; "
    "generating kills the pair before it.",
    Refusal.UNCLEAR: "Check that Allow API Keys is enabled on the console; then generate a new "
    "pair and store both keys.",
    Refusal.LOCKED: "An administrator unlocks the user under Users > Users.",
    Refusal.EXPIRED: "Sign in to the console as this user and set a new password.",
    Refusal.RIGHTS: "Use keys of an organisational user with the Auditor or Vulnerability Analyst "
    "role in a group with Full Access.",
}

_OK, _MOVED, _WRONG, _ABSENT, _BROKEN = 200, 300, 400, 404, 500
_LATER = frozenset({408, 425, 429})
"""Statuses below 500 that ask for patience."""
_INVALID_TOKEN, _KEYS_FAILED = 12, 74
_QUERY_CODES = frozenset({142, 143, 144, 145, 146, 147})
"""Codes that speak of the question, never of the keys."""
_INTERNAL = 500
"""Codes from here on are the console's own trouble and pass."""
_WORDING = (
    (Refusal.DISABLED, r"api.?keys?\b.*\b(disabled|not (enabled|allowed|permitted))"),
    (Refusal.DISABLED, r"\b(disabled|not (enabled|allowed|permitted))\b.*\bapi.?keys?"),
    (Refusal.LOCKED, r"\b(account|user)\b.*\block(ed|out)\b|\block(ed|out)\b.*\b(account|user)"),
    (Refusal.EXPIRED, r"\bpassword\b.*\b(expired|change)"),
    (Refusal.RIGHTS, r"permission|privilege|not authori[sz]ed"),
)
"""Read only when the code leaves the cause open: the texts are not documented."""
_LOCKED_DATABASE = "database is locked"

_CODE = re.compile(rb'"error_code"\s*:\s*"?(-?\d+)')
_TAIL = 512
"""Bytes from the end in which the envelope's last keys stand when nothing is wrong."""


class Envelope(msgspec.Struct, frozen=True):
    """The console's wrapping, with the content unread."""

    error_code: Scalar
    error_msg: Scalar = ""
    response: msgspec.Raw = msgspec.Raw(b"null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What an answer says is wrong; code None when it says so in no known form."""

    code: int | None
    said: str = ""

    @property
    def passes(self) -> bool:
        """Whether it is the console's own passing trouble."""
        return (self.code or 0) >= _INTERNAL or _LOCKED_DATABASE in self.said.lower()


def judge(reply: Reply, redactor: Redactor, *, now: float) -> None:
    """Let a usable answer through: HTTP 200 with error code 0.

    Raises:
        RetriableError: it passes (5xx, 429, locked database, an answer cut short or not JSON).
        KeysRefusedError: keys, user or rights.
        QueryRefusedError: this very question, with the console's code.
        UnreachableError: something else than the console answers at this address.
    """
    if reply.status == _OK:
        _judge_ok(reply, redactor)
    elif _OK < reply.status < _MOVED:
        raise BrokenError(f"HTTP {reply.status} without content.", advice=_AGAIN)
    else:
        raise _refused(reply, redactor, now)


_AGAIN = "Ask again, with a smaller page if it happens often."


def _judge_ok(reply: Reply, redactor: Redactor) -> None:
    head, tail = reply.body[:_TAIL].lstrip(), reply.body[-_TAIL:].rstrip()
    if not head:
        raise BrokenError("The console answered with an empty body.", advice=_AGAIN)
    if not head.startswith(b"{"):
        raise BrokenError(
            f"HTTP 200 with something else than JSON: {_glimpse(reply, redactor)}",
            advice="If it stays so, the address is a login gateway or not a Security Center.",
        )
    if not tail.endswith(b"}"):
        raise BrokenError("The answer's JSON is cut off.", advice=_AGAIN)
    codes = _CODE.findall(tail)
    if codes and int(codes[-1]) == 0:
        return
    complaint = _read(reply, redactor)
    if complaint.code is None:
        raise BrokenError("The answer's JSON is cut off or not an answer.", advice=_AGAIN)
    if complaint.code != 0:
        raise _of(reply, complaint)


def _refused(reply: Reply, redactor: Redactor, now: float) -> PlumblineError:
    """The error that a status other than 2xx stands for."""
    status, complaint = reply.status, _read(reply, redactor)
    if status in range(_MOVED, _WRONG):
        return _redirected(reply, redactor)
    if status >= _BROKEN or status in _LATER or complaint.passes:
        said = complaint.said or _glimpse(reply, redactor)
        return RetriableError(
            f"HTTP {status} from the console: {said}",
            after=wait(reply.retry_after, now),
            advice=_AGAIN,
        )
    if status == _ABSENT and complaint.code is None:
        return UnreachableError(
            "HTTP 404: there is no Security Center behind this address.",
            advice="Give the address without /rest, as you open it in a browser.",
        )
    return _of(reply, complaint)


def _of(reply: Reply, complaint: Complaint) -> PlumblineError:
    """The error that a complaint stands for, whatever the status it came with."""
    if complaint.passes:
        return RetriableError(f"The console is busy: {complaint.said}", advice=_AGAIN)
    refusal = _refusal(reply.status, complaint)
    if refusal:
        return KeysRefusedError(
            refusal, status=reply.status, code=complaint.code, said=complaint.said
        )
    return QueryRefusedError(
        f"The console refuses this question (HTTP {reply.status}, code {complaint.code}): "
        f"{complaint.said or 'no reason given'}",
        code=complaint.code or 0,
        advice="Check that the repositories, asset lists and filters asked for still exist.",
    )


def _refusal(status: int, complaint: Complaint) -> Refusal | None:
    """Why the keys are refused; None when the complaint is about the question."""
    if complaint.code in _QUERY_CODES:
        return None
    worded = _worded(complaint.said)
    if complaint.code in {_INVALID_TOKEN, _KEYS_FAILED}:
        return worded or Refusal.WRONG
    match status, complaint.code:
        case 401, _:
            return worded or Refusal.WRONG
        case 400, _:
            return worded or Refusal.UNCLEAR
        case 403, None | 0:
            return worded or Refusal.WRONG
        case _:
            return worded


def _worded(said: str) -> Refusal | None:
    return next((kind for kind, shape in _WORDING if re.search(shape, said, re.IGNORECASE)), None)


def _redirected(reply: Reply, redactor: Redactor) -> PlumblineError:
    target = redactor.line(reply.location.partition("?")[0], 120) or "elsewhere"
    return UnreachableError(
        f"HTTP {reply.status}: the address sends callers to {target}.",
        advice="A sign-on gateway stands before the console, or the address is wrong: let this "
        "machine reach the console directly, or exempt /rest from the gateway.",
        unchanged="The redirect was not followed; the keys went no further.",
    )


def _read(reply: Reply, redactor: Redactor) -> Complaint:
    """The envelope's code and text, whatever the content type says."""
    try:
        envelope = msgspec.json.decode(reply.body, type=Envelope)
    except msgspec.DecodeError:
        return Complaint(code=None)
    return Complaint(
        code=identity(envelope.error_code), said=redactor.line(text(envelope.error_msg))
    )


def _glimpse(reply: Reply, redactor: Redactor) -> str:
    """The first words of an answer that is no JSON, without its markup."""
    words = re.sub(r"<[^>]*>", " ", reply.body[:2000].decode("utf-8", "replace"))
    return redactor.line(words, 120) or "nothing"


def wait(retry_after: str, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for (seconds or an HTTP date); None without one."""
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
