"""`plumbline connection test`, `guide` and `fingerprint`: does a console have what is needed."""

import sys
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from plumbline.cli import output, session
from plumbline.cli.flags import proxy_of
from plumbline.console import addresses
from plumbline.domain.connection import Address, ConnectionKind
from plumbline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from plumbline.console.check import Check, Verdict

FAILED, REFUSED, UNREACHABLE = 1, 4, 5
_UNCHECKED = "The certificate was not checked: compare its fingerprint with the console's own."


def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the connection.")],
    *,
    as_json: output.AsJson = False,
) -> None:
    """Check what a connection needs.

    Each prerequisite passes, warns or fails, with cause and remedy. Ends with 0 when nothing
    failed, 5 for network or TLS, 4 for keys, role and rights, 3 for settings, else 1.
    """
    session.ledger()
    from plumbline.console.preflight import preflight  # noqa: PLC0415 - urllib3, only when called
    from plumbline.ledger import connections, requests  # noqa: PLC0415 - Django, likewise

    connection = connections.get(name)
    if connection.kind is ConnectionKind.FILE:
        raise UsageError(
            f"{name} takes files: there is no console to test.",
            advice=f"`plumbline import FILE... --connection {name}`",
        )
    keys = connections.get_keys(name)
    with requests.Log(None) as log:
        found = preflight(connection, keys, log)
        checks = list(found if as_json else _shown(found))
    code = _exit_code(checks)
    if as_json:
        output.emit("connection-test", {"connection": name, "passed": not code, "checks": checks})
    else:
        output.say(_summary(name, checks))
    raise typer.Exit(code)


def guide() -> None:
    """Show how to get API keys.

    Step by step: enabling them on the console and generating a pair for a user of its own.
    """
    from plumbline.console.guide import guide_text  # noqa: PLC0415 - only when called

    sys.stdout.write(guide_text())


def fingerprint(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of the console.")],
    *,
    proxy: Annotated[
        str | None, typer.Option(metavar="URL", help="Proxy, http://host:port, or 'env'.")
    ] = None,
    as_json: output.AsJson = False,
) -> None:
    """Show a console's certificate.

    Its fingerprint is there to be compared with the console's own. No key is sent.
    """
    address = Address(url=addresses.console_url(url), proxy=proxy_of(proxy) if proxy else "")
    if address.url.startswith("http://"):
        raise UsageError(f"{address.url} has no certificate.", advice="give an https:// address.")
    from plumbline.console.tls import fetch_certificate  # noqa: PLC0415 - only when called

    found = fetch_certificate(address)
    if as_json:
        output.emit("certificate", {"url": address.url, "certificate": found}, [_UNCHECKED])
        return
    output.lines(
        [
            ("address", address.url),
            ("subject", found.subject),
            ("issuer", "itself" if found.self_signed else found.issuer),
            ("valid from", found.not_before),
            ("valid until", found.not_after),
            ("speaks for", list(found.names)),
            ("SHA-256", found.fingerprint),
        ]
    )
    output.warn(_UNCHECKED)


def _shown(checks: "Iterable[Check]") -> "Iterator[Check]":
    """Print each check as soon as it is known."""
    for check in checks:
        output.put(f"{_badge(check.verdict)} {check.name}: {output.clean(check.finding)}")
        for label, text in (("cause", check.cause), ("remedy", check.remedy)):
            if text:
                output.put(f"       {label}: {output.clean(text)}")
        sys.stdout.flush()
        yield check


def _badge(verdict: "Verdict") -> str:
    from plumbline.console.check import Verdict  # noqa: PLC0415 - only when called

    match verdict:
        case Verdict.PASS:
            return output.paint("✔ PASS", output.GREEN, sys.stdout)
        case Verdict.WARN:
            return output.paint("! WARN", output.YELLOW, sys.stdout)
        case Verdict.FAIL:
            return output.paint("✘ FAIL", output.RED, sys.stdout)
        case Verdict.SKIP:
            return output.paint("· SKIP", output.DIM, sys.stdout)
        case _:
            assert_never(verdict)


def _exit_code(checks: "Iterable[Check]") -> int:
    """What the first failure stands for: the later ones follow from it."""
    from plumbline.console.check import Name, Verdict  # noqa: PLC0415 - only when called

    failed = next((check for check in checks if check.verdict is Verdict.FAIL), None)
    if failed is None or failed.exit_code:
        return failed.exit_code if failed else 0
    match failed.name:
        case Name.ADDRESS | Name.RESOLUTION | Name.TCP | Name.TLS:
            return UNREACHABLE
        case Name.VERSION | Name.CLOCK:
            return FAILED
        case _:
            return REFUSED


def _summary(name: str, checks: "list[Check]") -> str:
    from plumbline.console.check import Verdict  # noqa: PLC0415 - only when called

    failed = sum(check.verdict is Verdict.FAIL for check in checks)
    warned = sum(check.verdict is Verdict.WARN for check in checks)
    if failed:
        return f"{name} cannot be read yet: {failed} failed, {warned} warned."
    return f"{name} can be read" + (f"; {warned} warned." if warned else ".")
