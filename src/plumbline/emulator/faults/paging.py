"""Faults of pages: rows short, over, twice, in another order, gone or new between two requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from plumbline.emulator.chronicle import Kind
from plumbline.emulator.faults.base import BadFaultError, Fault, Page

if TYPE_CHECKING:
    from plumbline.domain.finding import Source
    from plumbline.emulator.estate import Estate, View


class ShortPage(Fault):
    """A page is one row short although more follow. Once, ARG times, or `always`."""

    name = "short-page"
    times = 1

    def page(self, page: Page, estate: Estate) -> Page:
        """Leave the last row out."""
        del estate
        if len(page.places) < 2 or not self.happens():  # noqa: PLR2004 - a single row is left alone
            return page
        return replace(page, places=page.places[:-1], returned=len(page.places) - 1)


class ExtraRow(Fault):
    """A full page carries one row of the next too, and `returnedRecords` is a float, as in 6.3."""

    name = "extra-row"

    def page(self, page: Page, estate: Estate) -> Page:
        """Put one more row on the page."""
        del estate
        more = page.matching[page.end : page.end + 1]
        if not len(more) or not self.happens():
            return page
        returned = len(page.places) * 1.0000052631578947
        return replace(page, places=np.append(page.places, more), returned=returned)


class NoTotals(Fault):
    """A page is empty and has no `totalRecords`. Once, ARG times, or `always`."""

    name = "no-totals"
    times = 1

    def page(self, page: Page, estate: Estate) -> Page:
        """Empty the page and withhold the total."""
        del estate
        if not self.happens():
            return page
        return replace(page, places=page.places[:0], total=None, returned=0)


class DuplicateRows(Fault):
    """A page carries its first row a second time, at its end."""

    name = "duplicate-rows"

    def page(self, page: Page, estate: Estate) -> Page:
        """Repeat the first row."""
        del estate
        if not len(page.places) or not self.happens():
            return page
        places = np.append(page.places, page.places[:1])
        return replace(page, places=places, returned=len(places))


class Shuffle(Fault):
    """All rows are put in another order for every request, so that pages overlap and leave gaps."""

    name = "shuffle"

    def read(self, argument: str) -> None:
        """Take how often; every order differs from the one before."""
        super().read(argument)
        self._dice = np.random.default_rng(20)

    def page(self, page: Page, estate: Estate) -> Page:
        """Cut the page from rows in a new order."""
        del estate
        if not self.happens():
            return page
        matching = self._dice.permutation(page.matching)
        return replace(page, matching=matching, places=matching[page.start : page.end])


class UnstableOrder(Fault):
    """Every page is sorted differently, for good: asked again, a window gives the same rows again.

    So rows that no window gives stay unseen however often all of them are read.
    """

    name = "unstable-order"

    def page(self, page: Page, estate: Estate) -> Page:
        """Cut the page from rows in an order that belongs to where the page begins."""
        del estate
        if not self.happens():
            return page
        dice = np.random.default_rng((page.start, len(page.matching)))
        matching = dice.permutation(page.matching)
        return replace(page, matching=matching, places=matching[page.start : page.end])


class RepeatedRow(Fault):
    """One row (ARG: so many) is told twice for good, and counted twice in every total and sum."""

    name = "repeated-row"

    def read(self, argument: str) -> None:
        """Take how many rows."""
        if argument and not argument.isdigit():
            raise BadFaultError(f"fault {self.name}: {argument!r} is not a number of rows")
        self._rows = int(argument or 1)

    def added(self, estate: Estate) -> None:
        """Put the first rows of the estate in a second time, behind all others."""

        def change(view: View) -> View:
            rows = view.cumulative
            again = rows.take(np.arange(min(self._rows, len(rows))))
            return replace(view, cumulative=rows.plus(again))

        estate.publish(change)


class MovingTotal(Fault):
    """`totalRecords` is off by one or two, differently on every page, although no row changes."""

    name = "moving-total"
    _count = 0

    def page(self, page: Page, estate: Estate) -> Page:
        """Tell another total."""
        del estate
        if page.total is None or not self.happens():
            return page
        self._count += 1
        return replace(page, total=page.total + 1 + self._count % 2)


class Vanish(Fault):
    """After each page one of its rows leaves for good. Every request, `once`, or ARG times.

    Rows that come later move up by one, so a client that goes on by offsets misses one. The truth
    changes with it, and the repository's `lastVulnUpdate` moves.
    """

    name = "vanish"

    def page(self, page: Page, estate: Estate) -> Page:
        """Take the first row of the page away behind the client's back."""
        if len(page.places) and self.happens():
            _remove(page, estate)
        return page


class Appear(Fault):
    """After each page a new row comes in before the next one. Every request, `once`, or ARG times.

    Rows that come later move down by one, so a client that goes on by offsets sees one twice. The
    truth changes with it, and the repository's `lastVulnUpdate` moves.
    """

    name = "appear"
    _count = 0

    def page(self, page: Page, estate: Estate) -> Page:
        """Add a finding of the same host and plugin on a port of its own."""
        if len(page.places) and self.happens():
            self._count += 1
            _insert(page, estate, port=50_000 + self._count)
        return page


def _remove(page: Page, estate: Estate) -> None:
    gone = page.findings.take(page.places[:1])

    def change(view: View) -> View:
        rows = view.findings(page.source)
        there = rows.keys() == gone.keys()[0]
        estate.record.left(Kind.REMOVED, rows.take(there), int(estate.clock))
        return _changed(view, page.source, estate, ~there, int(gone.host[0]))

    estate.publish(change)


def _insert(page: Page, estate: Estate, *, port: int) -> None:
    moment = int(estate.clock)
    row = page.findings.take(page.places[:1])
    row = row.put(port=port, verbatim=-1, first=moment, last=moment)

    def change(view: View) -> View:
        estate.record.came(row, page.source, moment)
        rows = view.findings(page.source).plus(row).ordered()
        everything = np.ones(len(rows), dtype=bool)
        put = view.holding(page.source, rows)
        return _changed(put, page.source, estate, everything, int(row.host[0]))

    estate.publish(change)


def _changed(view: View, source: Source, estate: Estate, keep: object, host: int) -> View:
    rows = view.findings(source).take(np.asarray(keep))
    repository = view.stock.hosts.items[host].repository.id
    moment = max(int(estate.clock), view.updated.get(repository, 0) + 1)
    updated = view.updated | {repository: moment}
    return replace(view.holding(source, rows), updated=updated)
