"""Server time of every main page over a million open findings.

    python bench/pages.py [--findings 1000000] [--rounds 15] [--only WORD]… [--profile]

Pages are asked of the site in this one process, by somebody who sees everything, over the lake of
`million.py`. Told are milliseconds: the first time a page is asked for after the site was warmed,
median and 95th percentile of the rounds, the median of asking for the very same page again, and
that of the CPU time of the rounds, both cores together.
A page about one thing (a host, a filter, a place to go on at) asks for another one every round, so
that nothing the site keeps of earlier rounds answers it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import re
import resource
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

import million
import questions
from plumbline.web import frame

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    Paths = dict[str, str | Callable[[int], str]]

BAR = 150
_FRAGMENT = {"HTTP_HX_REQUEST": "true"}
_HOSTS = questions.keys(np.arange(million.HOSTS))
_NEXT = re.compile(r'href="(/findings\?[^"]*after=[^"]+)"')


def query(page: str, *words: str, **more: str) -> str:
    """The address of a filtered list."""
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{page}?q={quote(' '.join(words))}{rest}"


WHOLE: Paths = {
    "overview": "/",
    "findings": "/findings",
    "findings, facets": "/findings/facets",
    "hosts": "/hosts",
    "hosts, facets": "/hosts/facets",
    "vulnerabilities": "/vulnerabilities",
    "vulnerabilities, facets": "/vulnerabilities/facets",
    "lists": "/lists",
    "lists, facets": "/lists/facets",
    "matrix": "/compare",
    "repositories": "/repositories",
    "runs": "/runs",
    "connections": "/connections",
    "API summary": "/api/v1/summary",
    "API lists": "/api/v1/lists",
}
"""The same for everybody who sees the same."""
ONE: Paths = {
    "findings of a list": lambda n: query(
        "/findings", f'asset_list:"List {n}"', "severity:>=high", "state:open"
    ),
    "findings of addresses": lambda n: query("/findings", f"ip:10.0.{n}.0/24"),
    "findings with a word": lambda n: query("/findings", f"srv-{n + 70}"),
    "findings by risk": lambda n: query("/findings", f"age:>{n + 20}d", "state:open", sort="-risk"),
    "findings by name": lambda n: query("/findings", f"age:>{n + 20}d", sort="plugin_name"),
    "findings overdue": lambda n: query("/findings", "sla:overdue", f'family:"Family {n}"'),
    "facets of open findings": lambda n: query("/findings/facets", f"age:>{n + 20}d", "state:open"),
    "facets of a family": lambda n: query("/findings/facets", f'family:"Family {n}"'),
    "hosts of addresses": lambda n: query("/hosts", f"ip:10.0.{n}.0/24"),
    "hosts by critical": lambda n: query("/hosts", f"critical:>{n + 1}", sort="-critical"),
    "facets of hosts": lambda n: query("/hosts/facets", f"critical:>{n + 1}"),
    "vulnerabilities of a family": lambda n: query("/vulnerabilities", f'family:"Family {n}"'),
    "facets of vulnerabilities": lambda n: query("/vulnerabilities/facets", f"hosts:>{n + 3}"),
    "completing": lambda n: f"/findings/complete?q=family%3AFamily+{n}&at=15",
    "one host": lambda n: f"/hosts/{_HOSTS[n * 11 + 5]}",
    "one vulnerability": lambda n: f"/vulnerabilities/{10_020 + n * 7}",
    "one CVE": lambda n: f"/cves/CVE-2026-{n * 13 + 2}",
    "one list": lambda n: f"/lists/{million.NAME}/{n}",
    "one repository": lambda n: f"/repositories/{million.NAME}/{n % questions.REPOSITORIES + 1}",
    "one run": lambda n: f"/runs/{n % million.WEEKS + 1}",
    "one connection": lambda _: f"/connections/{million.NAME}",
    "API findings": lambda n: query("/api/v1/findings", f"ip:10.0.{n + 20}.0/24"),
    "API hosts": lambda n: query("/api/v1/hosts", f"critical:>{n + 2}", "high:>1"),
    "API plugins": lambda n: query("/api/v1/plugins", f'family:"Family {n + 20}"'),
    "API question": lambda n: f"/api/v1/questions/host?argument={_HOSTS[n * 11 + 6]}",
}
"""Another one every round."""


class Site:
    """The site in this process, and somebody who sees everything."""

    def __init__(self) -> None:
        from django.test import Client  # noqa: PLC0415 - after Django is up

        from plumbline.domain.person import Role  # noqa: PLC0415 - the same
        from plumbline.ledger.people import register  # noqa: PLC0415 - the same
        from plumbline.ledger.people.models import PersonRow  # noqa: PLC0415 - the same

        if not PersonRow.objects.filter(name="bench").exists():
            register.add("bench", Role.ADMIN, by="bench")
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        self._client: Client = Client(SERVER_NAME="localhost")
        self._client.defaults["wsgi.url_scheme"] = "https"
        self._client.force_login(PersonRow.objects.get(name="bench"), backend=backend)
        self._last = ""
        self.cpu = 0.0

    def milliseconds(self, path: str) -> float:
        """Until the whole answer is there."""
        more: Any = _FRAGMENT if "/facets" in path else {}
        began, worked = time.perf_counter(), time.process_time()
        answer = self._client.get(path, **more)
        content = answer.getvalue()
        spent = (time.perf_counter() - began) * 1000
        self.cpu = (time.process_time() - worked) * 1000
        assert answer.status_code == 200, (path, answer.status_code, content[-400:])
        self._last = content.decode()
        return spent

    def following(self, _: int) -> str:
        """The page behind the one that was asked for last."""
        found = _NEXT.search(self._last)
        assert found is not None
        return found[1].replace("&amp;", "&")


def tell(site: Site, name: str, path: str | Callable[[int], str], rounds: int) -> float:
    """Print the figures of one page; its median."""
    paths = (path if isinstance(path, str) else path(n) for n in range(rounds + 1))
    first = site.milliseconds(next(paths))
    spent, again, cpu = [], [], []
    for one in paths:
        spent.append(site.milliseconds(one))
        cpu.append(site.cpu)
        last = site._last  # noqa: SLF001 - the next page begins where this one ends
        again.append(site.milliseconds(one))
        site._last = last  # noqa: SLF001
    median = statistics.median(spent)
    high = statistics.quantiles(spent, n=20)[-1] if rounds > 1 else median
    mark = "" if median <= BAR else f"  over {BAR}"
    print(
        f"{first:8.0f} {median:8.0f} {high:8.0f} {statistics.median(again):8.0f} "
        f"{statistics.median(cpu):8.0f}  {name}{mark}",
        flush=True,
    )
    return median


def show(site: Site, words: list[str], rounds: int) -> None:
    """Ask for every page, or those whose name holds one of the words."""
    print("   first   median      p95    again      CPU  milliseconds")
    every = WHOLE | ONE
    wanted = {n: p for n, p in every.items() if not words or any(word in n for word in words)}
    medians = [tell(site, name, path, rounds) for name, path in wanted.items()]
    if not words or any(word in "findings, next page" for word in words):
        site.milliseconds(query("/findings", "state:open", "severity:>=low"))
        medians.append(tell(site, "findings, next page", site.following, rounds))
    print(f"{sum(one <= BAR for one in medians)} of {len(medians)} pages within {BAR} ms")


def warm() -> None:
    """What `plumbline serve` works out ahead of whoever asks."""
    from plumbline.ledger import snapshots  # noqa: PLC0415 - after Django is up
    from plumbline.web import estates, warming  # noqa: PLC0415 - the same

    for step in warming.steps(estates.seen_by(warming._EVERYBODY, snapshots.latest_all())):  # noqa: SLF001
        step()


def memory() -> int:
    """What this process holds, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1_000_000


def main() -> None:
    """Make the lake if it is not there, warm the site, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", action="append", default=[], metavar="WORD")
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    options = parser.parse_args()
    settings = million.settings(options.findings)
    is_made = (settings.home / "lake").exists()
    frame.prepare(settings, frame.Face(hosts=("localhost",)))
    if not is_made:
        million.publish(settings, options.findings)
    site = Site()
    began = time.perf_counter()
    site.milliseconds("/")
    print(f"first overview of the process: {time.perf_counter() - began:.1f} s")
    began, worked = time.perf_counter(), time.process_time()
    warm()
    spent, cpu = time.perf_counter() - began, time.process_time() - worked
    print(f"worked out ahead: {spent:.1f} s, of CPU {cpu:.1f} s; {memory()} MB resident")
    profile = cProfile.Profile()
    if options.profile:
        profile.enable()
    show(site, options.only, options.rounds)
    profile.disable()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{memory()} MB resident, {most} MB at most")
    if options.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
