"""Faults of circumstance: keys, roles, rights, clocks, versions, and what the estate contains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator import prose
from plumbline.emulator.faults.base import ALWAYS, BadFaultError, Fault
from plumbline.emulator.wire import dump

if TYPE_CHECKING:
    from plumbline.emulator.estate import Estate, View


class RevokeAfter(Fault):
    """After ARG requests that carried them the keys are refused; with `3/5` for 5 requests only."""

    name = "revoke-after"

    def read(self, argument: str) -> None:
        """Take the number of requests, and for how many more the keys are refused."""
        before, _, refused = argument.partition("/")
        if not before.isdigit() or not (refused or "1").isdigit():
            raise BadFaultError(
                f"fault {self.name} needs a number of requests, as in {self.name}:3 or "
                f"{self.name}:3/5"
            )
        self._left = int(before)
        self._refusals = int(refused) if refused else ALWAYS

    def revoked(self) -> bool:
        """Whether the keys are refused now; counts a request."""
        if self.happens():
            return False
        with self._lock:
            again = self._refusals != 0
            self._refusals -= self._refusals > 0
        return again


class KeysDisabled(Fault):
    """“Allow API Keys” is off: every request that carries keys is answered 400, `/system` too."""

    name = "keys-disabled"


class BadKeys(Fault):
    """The keys are refused: 403, code 74, JSON typed as HTML. With ARG 400 the status is 400."""

    name = "bad-keys"

    def read(self, argument: str) -> None:
        """Take the status, 403 or 400."""
        if argument not in {"", "400", "403"}:
            raise BadFaultError(f"fault {self.name}: the status is 403 or 400, not {argument!r}")
        self.status = int(argument or 403)


class AccountLocked(Fault):
    """The user is locked: 403 everywhere. With ARG `shown`, `/currentUser` answers and tells."""

    name = "account-locked"

    def read(self, argument: str) -> None:
        """Take whether the user is still told."""
        if argument not in {"", "shown"}:
            raise BadFaultError(f"fault {self.name}: the argument is 'shown' or none")
        self.shown = argument == "shown"


class Administrator(Fault):
    """The keys are an Administrator's: organisation 0, `{"assets"}`, `/analysis` refused."""

    name = "administrator"


class NoRepository(Fault):
    """The user's group sees no repository: `/repository` is empty and no finding matches."""

    name = "no-repository"


class NoEpoch(Fault):
    """Time filters understand days (`0:30`) only; epochs (`e1-e2`) are refused with 146."""

    name = "no-epoch"


class UnpreparedLists(Fault):
    """Asset lists are not worked out: `ipCount` -1, 143 as a filter. ARG: only these ids."""

    name = "unprepared-lists"

    def read(self, argument: str) -> None:
        """Take the ids, split by commas; none means all."""
        parts = [part for part in argument.split(",") if part]
        if not all(part.isdigit() for part in parts):
            raise BadFaultError(f"fault {self.name}: {argument!r} is not a list of ids")
        self.ids = frozenset(map(int, parts))


class ClockSkew(Fault):
    """The clock is off by ARG seconds: `Date`, timestamps and day filters, but not the rows."""

    name = "clock-skew"

    def read(self, argument: str) -> None:
        """Take the seconds, which may be negative."""
        try:
            self.seconds = float(argument)
        except ValueError:
            raise BadFaultError(
                f"fault {self.name} needs seconds, as in {self.name}:3600"
            ) from None


class OldVersion(Fault):
    """The console says in its header and `/system` that it is version ARG (5.8.0 by default)."""

    name = "old-version"

    def read(self, argument: str) -> None:
        """Take the version."""
        self.version = argument or "5.8.0"


class NoVersion(Fault):
    """No version is told; with ARG `header` or `system` only that place keeps silent."""

    name = "no-version"

    def read(self, argument: str) -> None:
        """Take the place."""
        if argument not in {"", "header", "system"}:
            raise BadFaultError(f"fault {self.name} knows `header` and `system`")
        self.places = {argument} if argument else {"header", "system"}


class HugeOutput(Fault):
    """The first row gets an output of 5 MB (ARG: so many MB), for good; so does the truth."""

    name = "huge-output"

    def read(self, argument: str) -> None:
        """Take the size."""
        if argument and not argument.isdigit():
            raise BadFaultError(f"fault {self.name}: {argument!r} is not a number of megabytes")
        self._size = int(argument or 5) * 1_000_000

    def added(self, estate: Estate) -> None:
        """Put the output in."""
        line = "0123456789 abcdefghijklmnopqrstuvwxyz / \u00e9\u00e8\n"
        _write(estate, [(line * (self._size // len(line) + 1))[: self._size]])


class StrangeText(Fault):
    """Some texts get NUL, CRLF, emoji, HTML and right-to-left, for good; so does the truth."""

    name = "strange-text"

    def added(self, estate: Estate) -> None:
        """Put the texts in: outputs of the first rows, names of the first plugins and hosts."""
        _write(estate, list(prose.STRANGE))
        stock = estate.view.stock
        for place, text in enumerate(prose.STRANGE[: len(stock.plugins)]):
            plugin = stock.plugins.items[place]
            changed = replace(plugin, name=f"{plugin.name} {text}", description=text, solution=text)
            stock.plugins.replace(place, changed)
        for place, text in enumerate(prose.STRANGE[: len(stock.hosts)]):
            stock.hosts.replace(place, replace(stock.hosts.items[place], system=text))


def _write(estate: Estate, texts: list[str]) -> None:
    """Give the first rows of the estate these outputs."""

    def change(view: View) -> View:
        rows = view.cumulative
        text = rows.text.copy()
        for place, output in enumerate(texts[: len(rows)]):
            text[place] = len(view.stock.texts)
            view.stock.texts.append(dump(f"<plugin_output>{output}</plugin_output>"))
        touched = np.arange(len(rows)) < len(texts)
        verbatim = np.where(touched, -1, rows.verbatim)
        return replace(view, cumulative=rows.put(text=text, verbatim=verbatim))

    estate.publish(change)
