"""`plumbline emulate`: a Tenable Security Center 6.6 on this machine, to try and test against."""

import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plumbline.cli.output import AsJson
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from plumbline.emulator import Emulator, Estate

_DAY = 86_400
_KEYS_ADVICE = "a file with the key as its only line."

_Port = Annotated[int, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.")]
_Http = Annotated[bool, typer.Option("--http", help="Serve without TLS.")]
_Hosts = Annotated[int, typer.Option(min=1, help="Machines to invent.")]
_Seed = Annotated[int, typer.Option(help="The same seed invents the same estate.")]
_FindingsPerHost = Annotated[float, typer.Option(min=1, help="Findings a machine.")]
_Nessus = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Serve this .nessus file (repeatable), invent nothing."),
]
_Recorded = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Serve recorded vulndetails rows of a JSON file or a folder."
    ),
]
_Fault = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[:ARG]", help="Make this go wrong (repeatable)."),
]
_Latency = Annotated[float, typer.Option(min=0, help="Seconds a request takes.")]
_RowCost = Annotated[
    float, typer.Option(min=0, help="Seconds an analysis takes for each row it scans.")
]
_Evolve = Annotated[
    int, typer.Option(min=0, metavar="DAYS", help="Let days pass, up to today, before serving.")
]
_Change = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        metavar="SHARE",
        help="With --evolve: just this share of findings is new, fixed or returned each day.",
    ),
]
_Reach = Annotated[
    float, typer.Option(min=0, max=1, metavar="SHARE", help="With --change: hosts scanned a day.")
]
_Ago = Annotated[
    int, typer.Option(min=0, metavar="DAYS", help="Start the estate so many days ago.")
]
_AccessKeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Accept the access key in this file.")
]
_SecretKeyFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Accept the secret key in this file.")
]
_ClientCa = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Demand client certificates of this authority (PEM)."),
]


def emulate(  # noqa: PLR0913 - one option each, as the command line shows them
    *,
    port: _Port = 0,
    http: _Http = False,
    hosts: _Hosts = 200,
    seed: _Seed = 1,
    findings_per_host: _FindingsPerHost = 50,
    nessus: _Nessus = None,
    recorded: _Recorded = None,
    fault: _Fault = None,
    latency: _Latency = 0.0,
    row_cost: _RowCost = 0.0,
    evolve: _Evolve = 0,
    change: _Change = None,
    reach: _Reach = 0.8,
    ago: _Ago = 0,
    access_key_file: _AccessKeyFile = None,
    secret_key_file: _SecretKeyFile = None,
    client_ca: _ClientCa = None,
    as_json: AsJson = False,
) -> None:
    """Serve an emulated Security Center on loopback until interrupted.

    It is moved on, spoiled and checked from another process through its own routes, such as
    POST /emulator/evolve?days=N, POST /emulator/fault?name=NAME[:ARG], DELETE /emulator/fault,
    GET /emulator/truth?source=cumulative, GET /emulator/chronicle; docs/emulator.md tells all.
    """
    keys = _keys(access_key_file, secret_key_file)
    if nessus or recorded:
        estate = _read(nessus or [], recorded)
    else:
        estate = _invented(hosts, seed, findings_per_host, days_ago=evolve + ago)
    if evolve:
        _move_on(estate, evolve, change, reach)
    elif change is not None:
        raise UsageError("--change needs days to happen in.", advice="--evolve DAYS beside it.")
    options = {
        "clients": _clients(client_ca, http=http),
        "http": http,
        "port": port,
        "keys": keys,
        "latency": latency,
        "row_cost": row_cost,
    }
    _serve(_emulator(estate, fault or [], options), as_json=as_json)


def _move_on(estate: "Estate", days: int, change: float | None, reach: float) -> None:
    try:
        estate.evolve(days, change=change, reach=reach)
    except ValueError as error:
        raise UsageError(f"The estate cannot move on: {error}.") from error


def _invented(hosts: int, seed: int, findings_per_host: float, *, days_ago: int) -> "Estate":
    from plumbline.emulator import Estate  # noqa: PLC0415 - numpy, only when called

    midnight = time.time() // _DAY * _DAY
    return Estate.generated(
        hosts=hosts,
        seed=seed,
        findings_per_host=findings_per_host,
        now=midnight - days_ago * _DAY,
    )


def _read(nessus: list[Path], recorded: Path | None) -> "Estate":
    from plumbline.emulator import Estate  # noqa: PLC0415 - numpy, only when called

    if nessus and recorded:
        raise UsageError("--nessus and --recorded cannot be combined.", advice="one of the two.")
    try:
        if recorded is None:
            return Estate.from_nessus(nessus)
        return Estate.from_recorded(recorded_rows(recorded))
    except (ValueError, OSError) as error:
        raise UsageError(
            f"The file cannot be served: {error}.",
            advice="a .nessus file of version 2, or a JSON list of vulndetails rows.",
        ) from error


def recorded_rows(path: Path) -> list[dict[str, Any]]:
    """The `vulndetails` rows in a JSON file, or in every one of a folder, however deep they lie.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is not JSON, or there are no rows.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    found = [row for file in files for row in _rows_in(json.loads(file.read_bytes()))]
    if not found:
        raise ValueError(f"{path} holds no vulndetails rows")
    return found


def _rows_in(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, dict):
        if {"pluginID", "severity", "pluginText"} <= node.keys():
            return [node]
        node = list(node.values())
    return [row for part in node for row in _rows_in(part)] if isinstance(node, list) else []


def _keys(access: Path | None, secret: Path | None) -> tuple[str, str] | None:
    if access is None and secret is None:
        return None
    if access is None or secret is None:
        raise UsageError(
            "--access-key-file and --secret-key-file belong together.", advice="both, or neither."
        )
    try:
        return access.read_text().strip(), secret.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"A key file cannot be read: {error}.", advice=_KEYS_ADVICE) from error


def _clients(file: Path | None, *, http: bool) -> str:
    if file is None:
        return ""
    if http:
        raise UsageError("--client-ca speaks of TLS.", advice="leave --http out.")
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}.", advice="a file in PEM form."
        ) from error


def _emulator(estate: "Estate", faults: list[str], options: dict[str, Any]) -> "Emulator":
    from plumbline.emulator import BadFaultError, Emulator  # noqa: PLC0415 - the same

    try:
        return Emulator(estate, faults=faults, **options)
    except BadFaultError as error:
        raise UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    except OSError as error:
        raise ConfigurationError(
            f"Port {options['port']} cannot be used: {error.strerror or error}.",
            advice="another --port, or 0 for a free one.",
        ) from error


def _serve(console: "Emulator", *, as_json: bool) -> None:
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with console:
        sys.stdout.write(_introduced(console, as_json=as_json))
        sys.stdout.flush()
        while not ended.wait(timeout=1):
            pass


def _introduced(console: "Emulator", *, as_json: bool) -> str:
    fingerprint = f"sha256:{console.fingerprint}" if console.fingerprint else ""
    data = {
        "url": console.url,
        "access_key": console.access_key,
        "secret_key": console.secret_key,
        "fingerprint": fingerprint,
    }
    if as_json:
        whole = {"schema": "plumbline/emulate/1", "data": data, "warnings": []}
        return json.dumps(whole) + "\n"
    shown = {name.replace("_", " "): value for name, value in data.items() if value}
    return "".join(f"{name}: {value}\n" for name, value in shown.items())
