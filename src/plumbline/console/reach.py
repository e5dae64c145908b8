"""Preflight checks of the way to a console: name, TCP, TLS, and what answers there."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, assert_never

from plumbline.console.check import Check, Name, Probe, failed, passed, warned
from plumbline.console.fault import shortly
from plumbline.console.tls import Certificate, fetch_certificate, objection
from plumbline.console.version import Support, ask_version
from plumbline.domain.connection import TrustKind

if TYPE_CHECKING:
    from plumbline.domain.connection import Trust

_RENEW_DAYS = 30


def address(probe: Probe) -> Check:
    """Whether the address can be read at all."""
    route = probe.route
    way = f"through the proxy {route.proxy.url}" if route.proxy else "directly"
    return passed(Name.ADDRESS, f"{route.scheme}://{route.host}:{route.port}, {way}")


def resolution(probe: Probe) -> Check:
    """Whether the name of the first hop becomes an address."""
    host, port = probe.route.hop
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return failed(
            Name.RESOLUTION,
            f"{host} has no address",
            f"This machine's name service does not know it: {shortly(error)}.",
            "Check the spelling, the DNS servers of this machine, or use the address itself.",
        )
    shown = sorted({str(one[4][0]) for one in found})
    return passed(Name.RESOLUTION, f"{host} is {', '.join(shown)}")


def tcp(probe: Probe) -> Check:
    """Whether the first hop's port accepts connections."""
    host, port = probe.route.hop
    try:
        with socket.create_connection((host, port), probe.connection.manners.connect_timeout):
            return passed(Name.TCP, f"{host}:{port} accepts connections")
    except ConnectionRefusedError:
        cause = "Nothing listens on this port."
    except TimeoutError:
        cause = "No answer in time: most often a firewall that drops packets."
    except OSError as error:
        cause = f"The network says: {shortly(error)}."
    return failed(
        Name.TCP,
        f"{host}:{port} does not accept connections",
        cause,
        "Check port (443 by default) and firewall, and that the console is running.",
    )


def tls(probe: Probe) -> Check:
    """What certificate is shown, and whether the connection's trust covers it."""
    if not probe.route.encrypted:
        return warned(
            Name.TLS, "plain http to this very machine", "Nothing is encrypted or verified."
        )
    timeout = probe.connection.manners.connect_timeout
    certificate = fetch_certificate(probe.connection.address, timeout)
    shown = _shown(certificate, probe.now)
    trust = probe.connection.address.trust
    if reason := objection(probe.connection.address, timeout):
        return failed(
            Name.TLS, shown, f"Not trusted: {reason}.", _remedy(trust, certificate, reason)
        )
    if trust.kind is TrustKind.INSECURE:
        return warned(
            Name.TLS,
            shown,
            "Any certificate is accepted: whoever stands between can read the keys.",
            f"Compare and pin the fingerprint: --fingerprint {certificate.sha256}",
        )
    if _days(certificate, probe.now) < _RENEW_DAYS:
        return warned(Name.TLS, shown, "The certificate ends soon.", "Have it renewed in time.")
    return passed(Name.TLS, f"trusted ({trust.kind.value}): {shown}")


def version(probe: Probe) -> Check:
    """Whether a Security Center of a version we know answers."""
    found = ask_version(probe.stranger, probe.console)
    match found.support:
        case Support.UNKNOWN:
            return warned(
                Name.VERSION,
                found.shown,
                "Versions from 5.20 on may hide it until the keys are accepted.",
                "Nothing, if the checks below pass.",
            )
        case Support.TOO_OLD:
            return failed(
                Name.VERSION,
                found.shown,
                "API keys exist since 5.13.",
                "Upgrade the console, best to 6.6.",
            )
        case Support.SUPPORTED:
            return passed(Name.VERSION, found.shown)
        case Support.TOLERATED | Support.NEWER:
            return warned(
                Name.VERSION,
                found.shown,
                f"Plumbline is made for 6.6; this version is {found.support}.",
                "Compare the first run's proof closely.",
            )
        case _:
            assert_never(found.support)


def _shown(certificate: Certificate, now: float) -> str:
    days = _days(certificate, now)
    ends = f"ends in {days} days" if days >= 0 else f"ended {-days} days ago"
    issuer = "itself" if certificate.self_signed else certificate.issuer
    return (
        f"{certificate.subject}, issued by {issuer}, {ends} "
        f"({certificate.not_after:%Y-%m-%d}), SHA-256 {certificate.fingerprint}"
    )


def _days(certificate: Certificate, now: float) -> int:
    return (certificate.not_after - datetime.fromtimestamp(now, UTC)).days


def _remedy(trust: Trust, certificate: Certificate, reason: str) -> str:
    if trust.kind is TrustKind.FINGERPRINT:
        return (
            "If the console's certificate was renewed, compare the new fingerprint with its "
            f"administrator and pin it: --fingerprint {certificate.sha256}. If not, somebody "
            "stands between."
        )
    first = "Give the authority's certificate with --ca FILE"
    if "expired" in reason:
        first = "Have the certificate renewed"
    elif "mismatch" in reason:
        names = ", ".join(certificate.names) or "none"
        first = f"Use a name in the address that the certificate speaks for ({names})"
    return (
        f"{first}, or compare the fingerprint with the console's administrator and pin it: "
        f"--fingerprint {certificate.sha256}"
    )
