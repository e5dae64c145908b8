"""The options that describe a connection, declared once for `add` and `edit`."""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

import typer

from plumbline.cli import client_certificate
from plumbline.console import addresses, options
from plumbline.domain.connection import (
    Address,
    Connection,
    ListRequest,
    Manners,
    Scope,
    Trust,
    TrustKind,
    WasMode,
)
from plumbline.domain.severity import Severity
from plumbline.errors import UsageError

PROXY = "PLUMBLINE_PROXY"
ALL = "all"
_USUAL = "usual"
Word = TypeVar("Word", bound=str)
_NONE, _ENV = ("", "none"), "env"
_TRUST = "--ca, --fingerprint, --insecure and --system-ca"


class Was(StrEnum):
    """Whether findings of web application scans are read."""

    EXCLUDE = "exclude"
    ONLY = "only"
    INCLUDE = "include"


_WAS = {Was.EXCLUDE: WasMode.EXCLUDE, Was.ONLY: WasMode.ONLY, Was.INCLUDE: WasMode.INCLUDE}


def _option(text: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=text, show_default=False, **more)


Many = list[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was given; None stands for not given."""

    url: Annotated[str | None, _option("Address of the console: https://host[:port][/prefix].")] = (
        None
    )
    ca: Annotated[
        Path | None,
        _option("Trust certificates signed by this CA file (PEM).", metavar="FILE"),
    ] = None
    fingerprint: Annotated[
        str | None,
        _option("Trust exactly the certificate with this fingerprint.", metavar="SHA256"),
    ] = None
    insecure: Annotated[
        bool, _option("Trust anyone. Whoever sits in between can take the keys.", "--insecure")
    ] = False
    system_ca: Annotated[
        bool, _option("Trust this machine's certificate store (the default).", "--system-ca")
    ] = False
    proxy: Annotated[
        str | None,
        _option(
            f"Proxy, http://host:port; 'env' takes it from {PROXY}, 'none' removes it.",
            metavar="URL",
        ),
    ] = None
    no_proxy: Annotated[
        Many,
        _option("Host, .domain or network not reached by the proxy; repeatable.", metavar="HOST"),
    ] = None
    client_certificate: Annotated[
        str | None,
        _option(
            "Certificate (PEM) that the console demands of its callers; 'none' removes it.",
            metavar="FILE",
        ),
    ] = None
    client_key: Annotated[
        Path | None,
        _option("Its private key (PEM), where it is in a file of its own.", metavar="FILE"),
    ] = None
    client_key_password_file: Annotated[
        Path | None,
        _option(
            "Read the password of that key from here; else it comes from "
            f"{options.CLIENT_KEY_PASSWORD}.",
            metavar="FILE",
        ),
    ] = None
    repository: Annotated[
        Many, _option("Only this repository; repeatable, or 'all'.", metavar="ID")
    ] = None
    severity: Annotated[
        Many, _option("Only this severity; repeatable, or 'all'.", metavar="WORD")
    ] = None
    asset_list: Annotated[
        Many, _option("Only hosts of this asset list; repeatable, or 'all'.", metavar="ID")
    ] = None
    family: Annotated[
        Many, _option("Only this plugin family; repeatable, or 'all'.", metavar="ID")
    ] = None
    look_back_days: Annotated[
        int | None,
        _option("Only findings seen in the last so many days; 0 for all.", min=0, max=36_500),
    ] = None
    was: Annotated[Was | None, _option("Findings of web application scans.")] = None
    exclude_repository: Annotated[
        Many, _option("Not this repository; repeatable, or 'none'.", metavar="ID")
    ] = None
    exclude_family: Annotated[
        Many, _option("Not this plugin family; repeatable, or 'none'.", metavar="ID")
    ] = None
    exclude_plugin_type: Annotated[
        Many,
        _option(
            "Not this plugin type (active, passive, compliance, lce); repeatable, or 'none'.",
            metavar="WORD",
        ),
    ] = None
    exclude_address: Annotated[
        Many,
        _option(
            "Not hosts at this address, in this range or CIDR block; repeatable, or 'none'.",
            metavar="RANGE",
        ),
    ] = None
    list_filter: Annotated[
        Many,
        _option(
            "Asset lists: usable, manageable, excludeAllDefined, excludeWatchlists; repeatable, "
            "or 'usual' for excludeAllDefined and usable.",
            metavar="WORD",
        ),
    ] = None
    list_field: Annotated[
        Many,
        _option(
            "A further field of asset lists, such as canUse; repeatable, or 'none'.",
            metavar="FIELD",
        ),
    ] = None
    page_size: Annotated[
        int | None,
        _option("Rows a page at most; 0 lets pages adapt.", min=0, max=100_000),
    ] = None
    connect_timeout: Annotated[
        float | None, _option("Seconds to wait for a connection.", min=0.1, max=3_600)
    ] = None
    read_timeout: Annotated[
        float | None, _option("Seconds to wait for an answer.", min=0.1, max=86_400)
    ] = None
    retries: Annotated[
        int | None, _option("How often a passing fault is tried again.", min=0, max=100)
    ] = None
    requests_per_hour: Annotated[
        int | None,
        _option("Requests within any hour at most; 0 for no limit.", min=0, max=1_000_000),
    ] = None


def takes_flags(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that has a parameter `flags` every option of `Flags` instead of it."""
    own = inspect.signature(command).parameters.values()
    options = _options()

    def whole(**given: Any) -> None:
        flags = Flags(**{option.name: given.pop(option.name) for option in options})
        command(flags=flags, **given)

    kept = [parameter for parameter in own if parameter.name != "flags"]
    whole.__doc__ = command.__doc__
    whole.__name__ = command.__name__
    whole.__signature__ = inspect.Signature([*kept, *options])  # type: ignore[attr-defined]
    return whole


def _options() -> list[inspect.Parameter]:
    hints = get_type_hints(Flags, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(Flags)
    ]


def apply(flags: Flags, base: Connection) -> Connection:
    """The connection with what was given; the rest stays as in `base`.

    Raises:
        UsageError: a value cannot be used; names it and what is allowed.
        ConfigurationError: the CA file cannot be used.
    """
    scope = _scope(flags, base.scope)
    options.check_scope(scope)
    return replace(
        base,
        address=_address(flags, base.address),
        scope=scope,
        lists=_lists(flags, base.lists),
        manners=_manners(flags, base.manners),
    )


def warnings(flags: Flags, connection: Connection) -> list[str]:
    """What a careful person should know about these flags."""
    told = []
    encrypted = urlsplit(connection.address.url).scheme == "https"
    if encrypted and connection.address.trust.kind is TrustKind.INSECURE:
        told.append(
            f"The certificate of {connection.address.url} is not verified: anyone in between can "
            "read the keys. Compare its fingerprint and use --fingerprint instead."
        )
    if flags.client_certificate and connection.address.client:
        told += client_certificate.warnings(connection.address.client)
    if flags.proxy and "@" in flags.proxy:
        told.append(
            "The proxy's password was visible in the list of processes; "
            f"put the whole address into {PROXY} and give --proxy env."
        )
    return told


def _address(flags: Flags, base: Address) -> Address:
    url = base.url if flags.url is None else addresses.console_url(flags.url)
    return replace(
        base,
        url=url,
        trust=_trust(flags, base.trust, url),
        proxy=base.proxy if flags.proxy is None else proxy_of(flags.proxy),
        no_proxy=base.no_proxy if flags.no_proxy is None else _hosts(flags.no_proxy),
        client=client_certificate.of_flags(flags, base.client, url),
    )


def _trust(flags: Flags, base: Trust, url: str) -> Trust:
    given = [flags.ca is not None, flags.fingerprint is not None, flags.insecure, flags.system_ca]
    if sum(given) > 1:
        raise UsageError(f"{_TRUST} exclude each other.", advice="give one of them.")
    if any(given[:3]) and urlsplit(url).scheme == "http":
        raise UsageError(
            f"{_TRUST} speak of a certificate, but {url} has none.", advice="leave them out."
        )
    if flags.ca is not None:
        return _authority(flags.ca)
    if flags.fingerprint is not None:
        return Trust(kind=TrustKind.FINGERPRINT, value=addresses.fingerprint(flags.fingerprint))
    if flags.insecure:
        return Trust(kind=TrustKind.INSECURE)
    return Trust() if flags.system_ca else base


def _authority(file: Path) -> Trust:
    from plumbline.console.tls import context  # noqa: PLC0415 - cryptography, only when called

    trust = Trust(kind=TrustKind.CA_FILE, value=str(file.expanduser().absolute()))
    context(trust)
    return trust


def proxy_of(text: str) -> str:
    """The proxy meant by `--proxy`: an address, `env` or `none`.

    Raises:
        UsageError: it is neither, or the variable is not set.
    """
    word = text.strip().lower()
    if word in _NONE:
        return ""
    if word != _ENV:
        return addresses.proxy_url(text)
    if not os.environ.get(PROXY):
        raise UsageError(f"--proxy env was given, but {PROXY} is not set.", advice="set it.")
    return addresses.proxy_url(os.environ[PROXY])


def _scope(flags: Flags, base: Scope) -> Scope:
    days = flags.look_back_days
    return replace(
        base,
        repositories=_numbers("--repository", flags.repository, base.repositories),
        severities=_severities(flags.severity, base.severities),
        asset_lists=_numbers("--asset-list", flags.asset_list, base.asset_lists),
        families=_numbers("--family", flags.family, base.families),
        look_back_days=base.look_back_days if days is None else days or None,
        was=base.was if flags.was is None else _WAS[flags.was],
        exclude_repositories=_numbers(
            "--exclude-repository", flags.exclude_repository, base.exclude_repositories, none="none"
        ),
        exclude_families=_numbers(
            "--exclude-family", flags.exclude_family, base.exclude_families, none="none"
        ),
        exclude_plugin_types=_named(
            flags.exclude_plugin_type, base.exclude_plugin_types, options.plugin_types
        ),
        exclude_addresses=_named(
            flags.exclude_address, base.exclude_addresses, options.address_ranges
        ),
    )


def _lists(flags: Flags, base: ListRequest) -> ListRequest:
    usual = flags.list_filter is not None and _words(flags.list_filter) == [_USUAL]
    filters = _named(flags.list_filter, base.filters, options.list_filters) if not usual else ()
    return ListRequest(
        filters=filters or ListRequest().filters,
        fields=_named(flags.list_field, base.fields, options.list_fields),
    )


def _named(
    given: Many, base: tuple[Word, ...], read: Callable[[list[str]], tuple[Word, ...]]
) -> tuple[Word, ...]:
    """The words of a repeatable option, read; 'none' or nothing clears them."""
    if given is None:
        return base
    words = _words(given)
    return () if [word.lower() for word in words] == ["none"] else read(words)


def _manners(flags: Flags, base: Manners) -> Manners:
    size = flags.page_size
    given = {
        name: value
        for name in ("connect_timeout", "read_timeout", "retries")
        if (value := getattr(flags, name)) is not None
    }
    hourly = flags.requests_per_hour
    return replace(
        base,
        page_size=base.page_size if size is None else size or None,
        requests_per_hour=base.requests_per_hour if hourly is None else hourly or None,
        **given,
    )


def _words(given: Sequence[str]) -> list[str]:
    """The words of a repeatable option, each of which may be several joined by commas."""
    words = [word.strip() for text in given for word in text.split(",")]
    return [word for word in words if word]


def _hosts(given: Sequence[str]) -> tuple[str, ...]:
    words = _words(given)
    return () if [word.lower() for word in words] == ["none"] else tuple(words)


def _numbers(
    option: str, given: Many, base: tuple[int, ...], *, none: str = ALL
) -> tuple[int, ...]:
    if given is None:
        return base
    words = _words(given)
    if words == [none]:
        return ()
    if not words or not all(word.isascii() and word.isdigit() for word in words):
        raise UsageError(
            f"{option} takes the console's numbers, not {', '.join(given)!r}.",
            advice=f"write {option} 1 {option} 2, or {option} {none}.",
        )
    return tuple(dict.fromkeys(map(int, words)))


def _severities(given: Many, base: tuple[Severity, ...]) -> tuple[Severity, ...]:
    if given is None:
        return base
    words = _words(given)
    if words == [ALL]:
        return ()
    try:
        found = {Severity.parse(word) for word in words}
    except ValueError as error:
        raise UsageError(f"--severity: {error}.", advice="use the words, or 'all'.") from None
    if not found:
        raise UsageError("--severity is empty.", advice="use the words, or 'all'.")
    return tuple(sorted(found, reverse=True))
