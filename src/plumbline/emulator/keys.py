"""API keys: how they are made, and how the `x-apikey` header is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plumbline.emulator.faults.standing import AccountLocked, BadKeys, KeysDisabled, RevokeAfter
from plumbline.emulator.wire import HTML, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plumbline.emulator.faults import Faults


@dataclass(frozen=True, slots=True, repr=False)
class KeyPair:
    """An access key and its secret, 32 hexadecimal digits each; never shown by `repr`."""

    access: str
    secret: str

    @classmethod
    def made_from(cls, seed: int) -> KeyPair:
        """The same keys for the same seed."""
        access, secret = (
            hashlib.blake2b(f"{seed}/{part}".encode(), digest_size=16).hexdigest()
            for part in ("access", "secret")
        )
        return cls(access, secret)


def read_header(value: str) -> tuple[str, str]:
    """The keys in a header: names in any case, blanks and a last semicolon as one likes."""
    pairs = (part.partition("=") for part in value.split(";"))
    named = {name.strip().lower(): text.strip() for name, _, text in pairs}
    return named.get("accesskey", ""), named.get("secretkey", "")


def admit(headers: Mapping[str, str], path: str, keys: KeyPair, faults: Faults) -> None:
    """Let a request pass or refuse it, by its credentials.

    Raises:
        Refusal: 400 for keys beside a session or keys that are switched off; 403 with code 12
            without credentials, and with code 74 (typed as HTML) for wrong or revoked keys.
    """
    given = headers.get("x-apikey")
    session = headers.get("x-securitycenter") or "TNS_SESSIONID" in (headers.get("cookie") or "")
    if given is None:
        if path != "/rest/system":
            raise Refusal("This request contains an invalid token.", code=12, content_type=HTML)
        return
    if session:
        text = "API keys and a session token cannot be used in the same request.\n"
        raise Refusal(text, code=74, status=400)
    if faults.find(KeysDisabled):
        raise Refusal("API Keys are not enabled.\n", code=74, status=400)
    _check(given, path, keys, faults)


def _check(given: str, path: str, keys: KeyPair, faults: Faults) -> None:
    refused = faults.find(BadKeys)
    revoked = faults.find(RevokeAfter)
    if refused is None and read_header(given) == (keys.access, keys.secret):
        if revoked is not None and revoked.revoked():
            raise _bad(path, 403)
        _locked_out(path, faults.find(AccountLocked))
        return
    raise _bad(path, refused.status if refused else 403)


def _bad(path: str, status: int) -> Refusal:
    """`/system` was recorded to answer 403 with code 0 and no text."""
    if path == "/rest/system" and status == 403:  # noqa: PLR2004 - HTTP status
        return Refusal("", code=0, content_type=HTML)
    kind = HTML if status == 403 else "application/json"  # noqa: PLR2004 - HTTP status
    return Refusal(
        "Authentication of API keys failed.\n", code=74, status=status, content_type=kind
    )


def _locked_out(path: str, locked: AccountLocked | None) -> None:
    if locked is None or path == "/rest/system" or (locked.shown and path == "/rest/currentUser"):
        return
    raise Refusal("User account is locked.\n", code=74, content_type=HTML)
