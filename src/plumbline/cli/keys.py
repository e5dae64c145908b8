"""Where a console's API keys come from: file, standard input, environment or a prompt.

Never from an argument: the list of processes shows arguments to everybody on the machine.
"""

from __future__ import annotations

import getpass
import os
import re
import stat
import sys
from typing import TYPE_CHECKING

from plumbline.cli import output
from plumbline.console.keypair import checked
from plumbline.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from plumbline.domain.connection import Keys

ACCESS, SECRET = "PLUMBLINE_ACCESS_KEY", "PLUMBLINE_SECRET_KEY"
WAYS = (
    f"set {ACCESS} and {SECRET}, use --keys-file FILE, pipe two lines (access key, secret key) "
    "with --keys-stdin, or run it in a terminal to be asked."
)

_NAMED = re.compile(r"^(access|secret)[_-]?(?:key)?\s*[=:]\s*(.*)$", re.IGNORECASE)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PAIR = 2


def gather(file: Path | None, *, stdin: bool) -> tuple[Keys, list[str]]:
    """The keys and the warnings about the way they came.

    A file or standard input that was asked for wins over the environment, that over a pipe and a
    prompt.

    Raises:
        UsageError: there are none, or they cannot be keys.
        ConfigurationError: the file cannot be read.
    """
    if file is not None and stdin:
        raise UsageError("--keys-file and --keys-stdin were both given.", advice="give one.")
    if file is not None:
        return _from_file(file)
    if stdin:
        return _piped(), []
    if found := _from_environment():
        return found, []
    if sys.stdin is not None and sys.stdin.isatty():
        return _asked(), []
    return _piped(), []


def parse(text: str, source: str) -> Keys:
    """Two lines, access key first, or lines `access=…` and `secret=…` in any order.

    Raises:
        UsageError: it is neither; the text is not repeated.
    """
    lines = [line.strip() for line in re.split(r"[\n;]", text)]
    lines = [line for line in lines if line and not line.startswith("#")]
    named = dict(pair for line in lines if (pair := _named(line)))
    if named.keys() == {"access", "secret"} and len(lines) == _PAIR:
        return checked(named["access"], named["secret"], source)
    if not named and len(lines) == _PAIR:
        return checked(lines[0], lines[1], source)
    raise UsageError(f"{source} does not hold an access key and a secret key.", advice=WAYS)


def _named(line: str) -> tuple[str, str] | None:
    found = _NAMED.match(line)
    return (found[1].lower(), found[2].strip().strip("'\"")) if found else None


def _piped() -> Keys:
    try:
        text = "" if sys.stdin is None else sys.stdin.read()
    except (OSError, UnicodeDecodeError):
        raise UsageError("Standard input cannot be read as text.", advice=WAYS) from None
    return parse(text, "Standard input")


def _from_file(file: Path) -> tuple[Keys, list[str]]:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The keys file {file} cannot be read: {error.strerror}.",
            advice="check its path and that this user may read it.",
        ) from error
    except UnicodeDecodeError:
        raise UsageError(f"The keys file {file} is no text.", advice=WAYS) from None
    warnings = []
    if mode & _OTHERS:
        warnings.append(f"The keys file {file} can be read by others: chmod 600, or delete it.")
    return parse(text, f"The keys file {file}"), warnings


def _from_environment() -> Keys | None:
    access, secret = os.environ.get(ACCESS, ""), os.environ.get(SECRET, "")
    if not access and not secret:
        return None
    if not access or not secret:
        missing = SECRET if access else ACCESS
        raise UsageError(f"{missing} is not set, only its companion is.", advice=WAYS)
    return checked(access.strip(), secret.strip(), f"{ACCESS} or {SECRET}")


def _asked() -> Keys:
    output.say("The API keys, as the console showed them once (they stay hidden here).")
    try:
        access = getpass.getpass("Access key: ").strip()
        secret = getpass.getpass("Secret key: ").strip()
    except EOFError:
        raise UsageError("No keys were given.", advice=WAYS) from None
    return checked(access, secret, "The prompt")
