"""Invented plugins: plausible names, families, scores, dates and texts of one to five kilobytes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any

from plumbline.emulator import prose
from plumbline.emulator.plugins import Family, Plugin
from plumbline.emulator.wire import RISK_FACTORS

DAY = 86_400
EXPLOITABLE, EXPLOITED = 0.22, 0.3
"""Share of flaws with an exploit, and share of these that are known to be exploited."""
WITH_IAVM, WITH_BULLETIN = 0.4, 0.1


class Reach(Enum):
    """Which systems a plugin can report on."""

    ANY = "any"
    LINUX = "linux"
    WINDOWS = "windows"
    WAS = "was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """An invented plugin, where it reports and how often."""

    plugin: Plugin
    reach: Reach
    ports: tuple[tuple[int, int], ...]
    """Port and protocol number pairs on which it reports."""
    weight: float


FAMILIES: tuple[tuple[Family, Reach], ...] = (
    (Family(id=30, name="General"), Reach.ANY),
    (Family(id=24, name="Service detection"), Reach.ANY),
    (Family(id=11, name="Web Servers"), Reach.ANY),
    (Family(id=23, name="Misc."), Reach.ANY),
    (Family(id=6, name="CGI abuses"), Reach.ANY),
    (Family(id=1, name="Red Hat Local Security Checks"), Reach.LINUX),
    (Family(id=14, name="Ubuntu Local Security Checks"), Reach.LINUX),
    (Family(id=10, name="Windows : Microsoft Bulletins"), Reach.WINDOWS),
    (Family(id=20, name="Windows"), Reach.WINDOWS),
    (Family(id=31, name="Databases"), Reach.ANY),
    (Family(id=1000019, name="SSH", kind="passive"), Reach.ANY),
)
COMPLIANCE = Family(id=0, name="N/A", kind="compliance")
WEB_APPLICATIONS = Family(id=62, name="Web Applications")
HOST_LEVEL = ((0, 6),)
SERVICES = (
    (80, 6),
    (443, 6),
    (22, 6),
    (445, 6),
    (3389, 6),
    (8443, 6),
    (53, 17),
    (161, 17),
    (25, 6),
)


def invent(count: int, *, seed: int, now: int) -> list[Check]:
    """Invent plugins; the first fifth is informational and reports most of what is found."""
    informational = max(80, count // 5)
    made = [_informational(_dice(seed, "i", n), n, now) for n in range(informational)]
    made += [_flaw(_dice(seed, "f", n), n, now) for n in range(max(40, count - informational))]
    made += [_compliance(_dice(seed, "c", n), n, now) for n in range(max(6, count // 60))]
    made += [_web(_dice(seed, "w", n), n, now) for n in range(max(8, count // 60))]
    return made


def _dice(seed: int, kind: str, n: int) -> Random:
    return Random(f"{seed}/{kind}/{n}")  # noqa: S311 - it invents data, it hides nothing


def _informational(rng: Random, n: int, now: int) -> Check:
    family, reach = FAMILIES[rng.randrange(11)] if n % 4 else FAMILIES[n % 3]
    product = _product(rng)
    fact = prose.FACTS[n % len(prose.FACTS)]
    plugin = Plugin(
        id=10_000 + 7 * n,
        name=f"{product} {fact}",
        family=family,
        severity=0,
        synopsis=prose.SYNOPSES[3 + n % 2],
        description=_text(rng, product, 1_000 + rng.randrange(1_400)),
        see_also=_links(rng, n % 3),
        plugin_published=_published(rng, now),
        plugin_modified=now - rng.randrange(20, 900) * DAY if n % 9 else -1,
        version=f"1.{rng.randrange(1, 180)}" if n % 5 else f"Revision: 1.{rng.randrange(50)}",
        check_type=rng.choice(("remote", "local", "summary")),
        xrefs=(f"IAVT #0001-T-{n % 1000:04d}",) if n % 6 == 0 else (),
        cpe="x-cpe:/a:example:agent" if n % 10 == 0 else "",
    )
    few = rng.randrange(1, 4)
    ports = HOST_LEVEL if n % 3 == 0 else tuple(rng.sample(SERVICES, few))
    return Check(plugin=plugin, reach=reach, ports=ports, weight=1 / (1 + n / 12))


def _flaw(rng: Random, n: int, now: int) -> Check:
    family, reach = FAMILIES[rng.choices(range(10), (1, 1, 3, 3, 4, 9, 8, 9, 8, 2))[0]]
    severity = rng.choices((1, 2, 3, 4), (12, 46, 32, 10))[0]
    product = _product(rng)
    fixed = _version(rng)
    disclosed = now - rng.randrange(15, 2_600) * DAY
    exploitable = rng.random() < EXPLOITABLE
    exploited = exploitable and rng.random() < EXPLOITED
    cves = tuple(_cve(rng, disclosed) for _ in range(rng.choice((1, 1, 1, 2, 3, 8))))
    plugin = Plugin(
        id=100_000 + 11 * n,
        name=f"{product} < {fixed} {rng.choice(prose.FLAWS)}",
        family=family,
        severity=severity,
        risk_factor=RISK_FACTORS[severity],
        synopsis=prose.SYNOPSES[n % 3],
        description=_text(rng, product, 2_000 + rng.randrange(3_000), fixed),
        solution=f"Upgrade to {product} version {fixed} or later.",
        see_also=_links(rng, 1 + n % 6),
        exploit_available=exploitable,
        exploit_ease=prose.EASES[0 if exploitable else 1],
        exploit_frameworks=",".join(rng.sample(prose.FRAMEWORKS, 1 + n % 2)) if exploitable else "",
        stig_severity=("I", "II", "III", "")[n % 4],
        cpe=_cpe(product, n),
        vuln_published=disclosed if n % 13 else -1,
        patch_published=disclosed + 9 * DAY if n % 3 else -1,
        plugin_published=disclosed + 10 * DAY,
        plugin_modified=disclosed + 14 * DAY,
        check_type="remote" if reach is Reach.ANY else "local",
        version=f"1.{rng.randrange(1, 30)}",
        cves=cves,
        bids=",".join(str(rng.randrange(1_000, 99_999)) for _ in range(n % 3)),
        xrefs=_xrefs(rng, disclosed, exploited=exploited),
        seol_date=disclosed + 400 * DAY if n % 40 == 0 else -1,
        **_scores(rng, severity, n, exploited=exploited),
    )
    ports = HOST_LEVEL if reach is not Reach.ANY else tuple(rng.sample(SERVICES, 1 + n % 3))
    return Check(plugin=plugin, reach=reach, ports=ports, weight=1 / (1 + n / 60))


def _compliance(rng: Random, n: int, now: int) -> Check:
    plugin = Plugin(
        id=1_000_001 + n,
        name=f"{n // 9 + 1}.{n % 9 + 1} Ensure {rng.choice(prose.PRODUCTS).lower()} is hardened",
        family=COMPLIANCE,
        severity=(0, 2, 3)[n % 3],
        risk_factor=("None", "Medium", "High")[n % 3],
        description=_text(rng, _product(rng), 1_000),
        plugin_published=now - 300 * DAY,
        plugin_modified=now - 30 * DAY,
        check_type="local",
        version="",
        xrefs=(f"CCE #CCE-{27_000 + n}-5", "800-53 #CM-6"),
    )
    return Check(plugin=plugin, reach=Reach.ANY, ports=HOST_LEVEL, weight=0.05)


def _web(rng: Random, n: int, now: int) -> Check:
    severity = (0, 0, 1, 2, 3)[n % 5]
    plugin = Plugin(
        id=98_000 + n,
        name=f"Web Application {rng.choice(prose.FLAWS)} {n}",
        family=WEB_APPLICATIONS,
        severity=severity,
        risk_factor=RISK_FACTORS[severity],
        description=_text(rng, "Web Application", 1_500),
        plugin_published=now - 500 * DAY,
        plugin_modified=now - 50 * DAY,
        was=True,
    )
    return Check(plugin=plugin, reach=Reach.WAS, ports=((443, 6), (80, 6)), weight=1)


def _scores(rng: Random, severity: int, n: int, *, exploited: bool) -> dict[str, Any]:
    base = round((0.5, 2.0, 5.5, 8.0, 9.8)[severity] + rng.random() * 0.2, 1)
    vpr = min(10.0, round(base * (1.0 if exploited else rng.uniform(0.4, 0.9)), 1))
    scored = n % 7 != 0
    four = n % 3 == 0
    return {
        "vpr_score": f"{vpr:.1f}" if scored else "",
        "vpr_context": _drivers(vpr, n) if scored else ("[]" if n % 2 else ""),
        "base_score": f"{min(base, 10.0):.1f}",
        "temporal_score": f"{base * 0.8:.1f}" if n % 4 else "",
        "cvss_vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P/E:U/RL:OF/RC:C",
        "v3_base_score": f"{base:.1f}" if n % 11 else "",
        "v3_temporal_score": f"{base * 0.9:.1f}" if n % 11 else "",
        "v3_vector": "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:U/RL:O/RC:C" if n % 11 else "",
        "v4_base_score": f"{base:.1f}" if four else "",
        "v4_vector": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
        if four
        else "",
        "v4_threat_score": f"{base * 0.9:.1f}" if four else "",
        "v4_threat_vector": "E:A" if four else "",
        "epss_score": f"{rng.random() ** (2 if exploited else 6):.4f}" if scored else "",
    }


def _drivers(vpr: float, n: int) -> str | list[dict[str, Any]]:
    """VPR drivers: a string holding JSON, as the console writes it; an array now and then."""
    drivers: list[dict[str, Any]] = [
        {
            "id": "age_of_vuln",
            "name": "Vulnerability Age",
            "type": "string",
            "value": ("0 - 7 days", "60 - 180 days", "730 days +")[n % 3],
        },
        {"id": "cvssV3_impactScore", "name": "CVSS3 Impact Score", "type": "number", "value": 5.9},
        {
            "id": "exploit_code_maturity",
            "name": "Exploit Code Maturity",
            "type": "string",
            "value": "High" if vpr > 8 else "Unproven",  # noqa: PLR2004 - where VPR calls it high
        },
        {
            "id": "threat_recency",
            "name": "Threat Recency",
            "type": "string",
            "value": "No recorded events",
        },
    ]
    return drivers if n % 20 == 1 else json.dumps(drivers, separators=(",", ":"))


def _text(rng: Random, product: str, size: int, version: str = "4.2") -> str:
    picked = rng.choices(prose.SENTENCES, k=max(1, size // 105))
    lines = [sentence.format(product=product, version=version) for sentence in picked]
    return "\n\n".join(" ".join(lines[start : start + 4]) for start in range(0, len(lines), 4))


def _product(rng: Random) -> str:
    return f"{rng.choice(prose.VENDORS)} {rng.choice(prose.PRODUCTS)}"


def _version(rng: Random) -> str:
    return f"{rng.randrange(1, 22)}.{rng.randrange(10)}.{rng.randrange(40)}"


def _published(rng: Random, now: int) -> int:
    return now - rng.randrange(30, 6_000) * DAY


def _links(rng: Random, count: int) -> str:
    pages = (f"https://advisories.example/{rng.randrange(16**8):08x}" for _ in range(count))
    return "\n".join(pages)


def _cve(rng: Random, disclosed: int) -> str:
    return f"CVE-{1970 + disclosed // 31_556_952}-{rng.randrange(1_000, 60_000)}"


def _cpe(product: str, n: int) -> str:
    vendor, _, name = product.lower().partition(" ")
    first = f"cpe:/a:{vendor}:{name.replace(' ', '_')}"
    return (first, f"{first}<br/>cpe:/o:example:os", f"{first},cpe:/a:example:lib", "")[n % 4]


def _xrefs(rng: Random, disclosed: int, *, exploited: bool) -> tuple[str, ...]:
    year = 1970 + disclosed // 31_556_952
    refs = [f"CWE #{rng.choice((20, 22, 79, 119, 287, 502))}"]
    if rng.random() < WITH_IAVM:
        refs.append(f"IAVA #{year}-A-{rng.randrange(1, 600):04d}")
    if rng.random() < WITH_BULLETIN:
        refs.append(f"MSFT #MS{year % 100:02d}-{rng.randrange(1, 150):03d}")
    if exploited:
        refs.append(
            f"CISA-KNOWN-EXPLOITED #{year}/{rng.randrange(1, 13):02d}/{rng.randrange(1, 29):02d}"
        )
    return tuple(refs)
