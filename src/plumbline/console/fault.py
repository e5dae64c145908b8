"""What can break between here and the console, and passes: each may be asked again."""

from __future__ import annotations

import re
import ssl

from urllib3 import exceptions as faults

from plumbline.errors import PlumblineError, RetriableError, UnreachableError

_CABLE = "Check that the console is up and the network and proxy let this machine through."
_ERRNO = re.compile(r"\[Errno -?\d+\] ?")
_SMALLER = "Ask again, with a smaller page if it happens often."


class UnansweredError(RetriableError):
    """No answer began: refused, reset, or the name did not resolve."""


class StaleError(UnansweredError):
    """The console had closed a kept connection; the same request may be sent again at once."""


class SlowError(RetriableError):
    """The answer took longer than allowed."""


class BrokenError(RetriableError):
    """The answer's body ended too early or is not what it says it is."""


class ClientCertificateError(UnreachableError):
    """The console demands a certificate of its callers, or refuses ours."""


def before_answer(error: faults.HTTPError, *, reused: bool) -> PlumblineError:
    """Translate what went wrong before an answer began."""
    match error:
        case faults.ProxyError():
            return _of_proxy(error)
        case faults.SSLError():
            return _of_tls(error)
        case faults.ConnectTimeoutError():
            # The class of connections refused and names unknown, too.
            return UnansweredError(f"No connection to the console: {_reason(error)}", advice=_CABLE)
        case faults.TimeoutError():
            return SlowError("The console did not begin to answer in time.", advice=_SMALLER)
        case faults.ProtocolError() if reused:
            return StaleError("The console had closed the kept connection.")
        case _:
            return UnansweredError(f"The console did not answer: {_reason(error)}", advice=_CABLE)


def _reason(error: faults.HTTPError) -> str:
    """The error in words: without the object that it begins with, numbers and quotes."""
    last = error.args[-1] if error.args else error
    text = str(last if isinstance(last, Exception) else error)
    return _ERRNO.sub("", text.split("): ", 1)[-1])


def in_body(error: faults.HTTPError) -> PlumblineError:
    """Translate what went wrong while the body was read."""
    match error:
        case faults.TimeoutError():
            return SlowError("The console stopped in the middle of its answer.", advice=_SMALLER)
        case faults.SSLError():
            return BrokenError("The encrypted connection broke inside the answer.", advice=_SMALLER)
        case faults.IncompleteRead() | faults.ProtocolError() | faults.DecodeError():
            return BrokenError(f"The answer broke off: {_reason(error)}", advice=_SMALLER)
        case _:
            return BrokenError(f"The answer could not be read: {_reason(error)}", advice=_SMALLER)


def _of_proxy(error: faults.ProxyError) -> PlumblineError:
    """A proxy that refuses stays so; one that cannot reach the console may later."""
    reason = str(error.original_error)
    if "407" in reason:
        return UnreachableError(
            "The proxy asks for credentials and did not accept the ones given.",
            advice="Set the proxy as http://name:password@host:port.",
        )
    if any(status in reason for status in ("400", "401", "403", "404", "405")):
        return UnreachableError(
            f"The proxy refuses the way to the console: {reason}",
            advice="Allow the console's host on the proxy, or list it in no-proxy.",
        )
    return UnansweredError(f"The proxy did not reach the console: {reason}", advice=_CABLE)


def _of_tls(error: faults.SSLError) -> PlumblineError:
    """A certificate that is not believed stays so; a handshake cut short may pass."""
    reason = str(error)
    if "EOF" in reason or "reset" in reason.lower():
        return UnansweredError("The console broke off the TLS handshake.", advice=_CABLE)
    if "ingerprint" in reason:
        return UnreachableError(
            "The console's certificate is not the pinned one.",
            advice="If it was renewed, compare the new fingerprint and pin it; if not, somebody "
            "stands between.",
            unchanged="No key was sent.",
        )
    cause = error.args[0] if error.args and isinstance(error.args[0], OSError) else error
    if isinstance(cause, ssl.SSLError) and (refusal := of_client_certificate(cause)):
        return refusal
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLCertVerificationError):
        return UnreachableError(
            f"No TLS handshake with the console: {shortly(cause)}.",
            advice="Check address and port: what listens there may not be the console.",
            unchanged="No key was sent.",
        )
    return UnreachableError(
        f"The console's certificate is not trusted: {shortly(cause)}.",
        advice="`plumbline connection test` shows it; then give the authority's CA file, or "
        "compare the fingerprint and pin it.",
        unchanged="No key was sent.",
    )


_DEMANDED = re.compile("CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE|PEER_DID_NOT_RETURN")
_REFUSED = {
    "BAD_CERTIFICATE": "it cannot use it",
    "UNSUPPORTED_CERTIFICATE": "it cannot use one of this kind",
    "CERTIFICATE_REVOKED": "it was revoked",
    "CERTIFICATE_EXPIRED": "it has expired",
    "CERTIFICATE_UNKNOWN": "it does not know it",
    "UNKNOWN_CA": "it does not know the authority that signed it",
    "ACCESS_DENIED": "its bearer may not enter",
    "DECRYPT_ERROR": "its signature does not hold",
}


def of_client_certificate(error: ssl.SSLError) -> ClientCertificateError | None:
    """What the console objects to in our own certificate, or in its absence; else nothing."""
    reason = str(error.reason or "")
    if isinstance(error, ssl.SSLCertVerificationError):
        return None
    if _DEMANDED.search(reason):
        return ClientCertificateError(
            "The console demands a client certificate, and was shown none that it accepts.",
            advice="Give one with --client-certificate FILE (and --client-key FILE), from an "
            "authority that the console names; or check that this is the console's port.",
            unchanged="No key was sent.",
        )
    words = next((said for name, said in _REFUSED.items() if f"ALERT_{name}" in reason), "")
    if not words:
        return None
    return ClientCertificateError(
        f"The console refuses the client certificate: {words}.",
        advice="Show the console's administrator the certificate that `plumbline connection show` "
        "names, and give the right one with --client-certificate FILE.",
        unchanged="No key was sent.",
    )


def shortly(error: Exception) -> str:
    """What the network or TLS complains of, without codes and places in a library's source."""
    match error:
        case ssl.SSLCertVerificationError():
            return (error.verify_message or "it cannot be verified").rstrip(".")
        case ssl.SSLError(reason="WRONG_VERSION_NUMBER" | "HTTP_REQUEST"):
            return "what listens there does not speak TLS"
        case ssl.SSLError(reason=str(reason)):
            return reason.lower().replace("_", " ")
        case OSError(strerror=str(words)):
            return words
        case _:
            return str(error).rstrip(".") or type(error).__name__
