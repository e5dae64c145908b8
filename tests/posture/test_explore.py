"""Filtering, sorting and paging: what comes out equals what plain Python finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plumbline.domain.severity import Severity
from plumbline.errors import UsageError
from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.relations import RELATIONS
from rounds import rounds
from small import AS_OF, engine_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.posture.engine import Estate
    from plumbline.posture.relation import Relation
    from small import Made

FINDINGS, HOSTS = RELATIONS["findings"], RELATIONS["hosts"]
Row = dict[str, Any]


def asked(
    estate: Estate, relation: Relation, query: str = "", *columns: str, **more: Any
) -> list[Row]:
    request = explore.Request(query=parse(query), columns=columns, **more)
    return list(explore.rows(relation, estate, request).fetch().to_pylist())


def found(estate: Estate, query: str) -> set[str]:
    rows = asked(estate, FINDINGS, query, "finding")
    assert len(rows) == explore.total(FINDINGS, estate, parse(query))
    return {row["finding"] for row in rows}


@pytest.mark.parametrize("relation", RELATIONS.values(), ids=list(RELATIONS))
def test_every_field_can_be_shown_sorted_and_filtered(relation: Relation, estate: Estate) -> None:
    names = [field.name for field in relation.fields]
    rows = asked(estate, relation, "", *names)
    assert rows
    for field in relation.fields:
        down = asked(estate, relation, "", field.name, order=(f"-{field.name}",), limit=7)
        assert len(down) == min(7, len(rows))
        told = sum(row[field.name] not in (None, []) for row in rows)
        assert explore.total(relation, estate, parse(f"{field.name}:*")) == told
        assert explore.total(relation, estate, parse(f"-{field.name}:none")) == told


CONTRACT = {
    "findings": "console repository_id repository host ip dns_name netbios_name mac host_uuid "
    "plugin_id plugin_name family port protocol severity state accepted recast first_seen "
    "last_seen fixed_at vpr cvss3 cvss2 epss kev exploit cves risk age_days asset_lists",
    "hosts": "host ip dns_name os repositories asset_lists first_seen last_seen acr aes critical "
    "high medium low info sc_score risk",
    "plugins": "plugin_id name family severity cves vpr hosts findings kev exploit",
    "lists": "console id name type hosts ranges unparsed critical high medium low info risk",
}


@pytest.mark.parametrize("name", CONTRACT)
def test_programs_get_every_column_they_are_promised(name: str) -> None:
    assert set(CONTRACT[name].split()) <= set(RELATIONS[name].contract)


def hosts_by_key(made: Made) -> dict[tuple[str, str], Row]:
    return {(row["console"], row["host"]): row for row in made.of("hosts")}


def days_old(row: Row) -> int | None:
    if row["first_seen"] is None:
        return None
    age = (row["fixed_at"] or AS_OF[row["console"]]) - row["first_seen"]
    return max(0, int(age / timedelta(days=1)))


def in_network(row: Row, network: str) -> bool:
    address, net = ip_address(row["ip"]), ip_network(network)
    return address.version == net.version and address in net


@dataclass(frozen=True)
class Whole:
    """A finding with its plugin, its host and the names of the host's lists."""

    f: Row
    p: Row
    h: Row
    ls: list[str]


CASES: dict[str, Callable[[Whole], Any]] = {
    "severity:critical,high": lambda r: r.f["severity"] >= 3,
    "severity:>=medium": lambda r: r.f["severity"] >= 2,
    "-state:open,reopened": lambda r: r.f["state"] not in {"open", "reopened"},
    "port:443 protocol:tcp": lambda r: r.f["port"] == 443 and r.f["protocol"] == "TCP",
    "port:400..500": lambda r: 400 <= r.f["port"] <= 500,
    "recast:yes": lambda r: r.f["recast"],
    "kev:yes": lambda r: r.p["kev"],
    "-kev:yes": lambda r: not r.p["kev"],
    "vpr:>=5": lambda r: (r.p["vpr"] or 0) >= 5,
    "-vpr:>=5": lambda r: not (r.p["vpr"] or 0) >= 5,
    "vpr:none": lambda r: r.p["vpr"] is None,
    "vpr:none,>9": lambda r: r.p["vpr"] is None or r.p["vpr"] > 9,
    "epss:>10%": lambda r: (r.p["epss"] or 0) > 0.1,
    "cve:CVE-2026-7,cve-2025-80": lambda r: {"CVE-2026-7", "CVE-2025-80"} & {*r.p["cves"]},
    "cve:*-2025-1*": lambda r: any("-2025-1" in cve for cve in r.p["cves"]),
    "-cve:*": lambda r: not r.p["cves"],
    'family:"web serv"': lambda r: r.p["family"] == "Web Servers",
    "family:=web,=windows": lambda r: r.p["family"] == "Windows",
    'family:="web servers"': lambda r: r.p["family"] == "Web Servers",
    "os:windows": lambda r: "Windows" in (r.h["os"] or ""),
    'os:"server 2022",debian -os:none': lambda r: r.h["os"] is not None,
    "xref:2026-a-0003": lambda r: r.p["plugin_id"] == 1003,
    "host_name:10.*": lambda r: r.h["dns_name"] is None and r.h["netbios_name"] is None,
    "asset_list:Servers": lambda r: "Servers" in r.ls,
    "-asset_list:servers": lambda r: "Servers" not in r.ls,
    'list:"Retail, \\"EU\\""': lambda r: 'Retail, "EU"' in r.ls,
    "asset_list:none": lambda r: not r.ls,
    'repository:"repo 1 north"': lambda r: (r.f["console"], r.f["repository_id"]) == ("north", 1),
    "console:south": lambda r: r.f["console"] == "south",
    "ip:10.1.0.0/16": lambda r: in_network(r.f, "10.1.0.0/16"),
    "-ip:10.1.0.0/16": lambda r: not in_network(r.f, "10.1.0.0/16"),
    "ip:10.0.0.4-10.0.0.10": lambda r: r.f["ip"] in {"10.0.0.4", "10.0.0.7", "10.0.0.10"},
    "ip:10.1.*": lambda r: r.f["ip"].startswith("10.1."),
    "dns_name:srv-1*.NORTH.example.test": lambda r: (
        (r.h["dns_name"] or "").lower().startswith("srv-1") and r.f["console"] == "north"
    ),
    "dns_name:none": lambda r: r.h["dns_name"] is None,
    "netbios:=NORTH\\SRV1": lambda r: r.h["netbios_name"] == "NORTH\\SRV1",
    "netbios:north\\srv1": lambda r: (r.h["netbios_name"] or "").startswith("NORTH\\SRV1"),
    "age:>30d": lambda r: (days_old(r.f) or 0) > 30,
    "age:8..30": lambda r: 8 <= (-1 if days_old(r.f) is None else days_old(r.f) or 0) <= 30,
    "first_seen:<8d": lambda r: (
        r.f["first_seen"] and r.f["first_seen"] > AS_OF[r.f["console"]] - timedelta(days=8)
    ),
    "last_seen:2026-11-19": lambda r: r.f["last_seen"].strftime("%F") == "2026-11-19",
    "last_seen:2026-11-08..2026-11-09": lambda r: (
        r.f["last_seen"].strftime("%F") in {"2026-11-08", "2026-11-09"}
    ),
    "last_seen:>2026-11-19": lambda r: r.f["last_seen"].strftime("%F") > "2026-11-19",
    "last_seen:<=2026-11-08": lambda r: r.f["last_seen"].strftime("%F") <= "2026-11-08",
    "flaw": lambda r: "flaw" in r.p["name"],
    "-SRV-1": lambda r: "srv-1" not in (r.h["dns_name"] or "").lower(),
    "10.0.0.1": lambda r: r.f["ip"] == "10.0.0.1",
    "10.0.0.1*": lambda r: r.f["ip"].startswith("10.0.0.1"),
    "0.0.1": lambda r: "0.0.1" in r.f["ip"],
    "10.1.0.0/16": lambda r: in_network(r.f, "10.1.0.0/16"),
    "10.0.0.4-10.0.0.10": lambda r: r.f["ip"] in {"10.0.0.4", "10.0.0.7", "10.0.0.10"},
    "1003": lambda r: r.p["plugin_id"] == 1003,
    "1003,1004": lambda r: r.p["plugin_id"] in {1003, 1004},
    "cve-2026-7": lambda r: "CVE-2026-7" in r.p["cves"],
    "IAVA*0003": lambda r: r.p["plugin_id"] == 1003,
    "debian": lambda r: "Debian" in (r.h["os"] or "") or r.p["family"] == "Debian",
    "NORTH\\SRV3": lambda r: r.h["netbios_name"] == "NORTH\\SRV3",
    "00:50:56:03": lambda r: (r.h["mac"] or "").startswith("00:50:56:03"),
    "retail": lambda r: any("Retail" in name for name in r.ls),
    '"repo 1 n"': lambda r: (r.f["console"], r.f["repository_id"]) == ("north", 1),
    "web 10.1": lambda r: r.f["ip"].startswith("10.1.") and (r.p["family"] or "").startswith("Web"),
    "severity:high state:open kev:yes,no asset_list:*": lambda r: (
        r.f["severity"] == 3 and r.f["state"] == "open" and r.p["kev"] is not None and r.ls
    ),
}


@pytest.mark.parametrize("query", CASES)
def test_a_query_finds_what_plain_python_finds(query: str, made: Made, estate: Estate) -> None:
    hosts = hosts_by_key(made)
    expected = {
        f["finding"]
        for f in made.of("findings")
        for host in [hosts[f["console"], f["host"]]]
        if CASES[query](Whole(f, made.plugin(f), host, made.lists_of(host)))
    }
    assert expected != {f["finding"] for f in made.of("findings")}
    assert found(estate, query) == expected
    assert expected, "a test that finds nothing proves little"


def test_an_ipv6_network_is_found_however_its_addresses_are_written(made: Made) -> None:
    addresses = ["2001:db8::1", "2001:0db8:0:0:0:0:0:2", "2001:db9::1", "fe80::1", "::", "10.0.0.1"]
    hosts = [
        {"console": "c", "host": str(n), "ip": ip, "ips": [ip]} for n, ip in enumerate(addresses)
    ]
    small = engine_over({"hosts": hosts}, {"c": AS_OF["north"]})
    for query in ("ip:2001:db8::/32", "ips:2001:db8::-2001:db8::ffff"):
        assert {row["ip"] for row in asked(small, HOSTS, query, "ip")} == {*addresses[:2]}
    assert [row["ip"] for row in asked(small, HOSTS, "ip:2001:DB8::2", "ip")] == [addresses[1]]
    assert [row["ip"] for row in asked(small, HOSTS, "ip:::", "ip")] == ["::"]
    assert made.estate is not small


def test_rows_tell_what_is_known_of_finding_plugin_and_host(made: Made, estate: Estate) -> None:
    names = [field.name for field in FINDINGS.fields]
    rows = {row["finding"]: row for row in asked(estate, FINDINGS, "", *names)}
    hosts = hosts_by_key(made)
    assert len(rows) == len(made.of("findings"))
    for f in made.of("findings"):
        told, plugin, host = rows[f["finding"]], made.plugin(f), hosts[f["console"], f["host"]]
        assert told["severity"] == Severity(f["severity"]).word
        assert told["age_days"] == days_old(f)
        assert told["asset_lists"] == (made.lists_of(host) or None)
        assert told["plugin_name"] == plugin["name"]
        assert told["cves"] == plugin["cves"]
        assert told["dns_name"] == host["dns_name"]
        assert told["repository"] == f"Repo {f['repository_id']} {f['console']}"
        assert told["output"].startswith("Output ")
        for name in ("ip", "port", "protocol", "state", "first_seen", "last_seen", "fixed_at"):
            assert told[name] == f[name]


def test_pages_put_together_are_the_whole_in_order(estate: Estate) -> None:
    order = ("-severity", "port")
    whole = asked(estate, FINDINGS, "state:open", "finding", "severity", "port", order=order)
    pages = [
        asked(
            estate, FINDINGS, "state:open", "finding", "severity", "port",
            order=order, limit=10, offset=start,
        )
        for start in range(0, len(whole), 10)
    ]  # fmt: skip
    assert [row for page in pages for row in page] == whole
    ranks = [(-Severity.parse(row["severity"]), row["port"]) for row in whole]
    assert ranks == sorted(ranks)


def test_what_was_not_supplied_comes_last_whichever_way(estate: Estate) -> None:
    for order in ("vpr", "-vpr"):
        told = [row["vpr"] for row in asked(estate, FINDINGS, "", "vpr", order=(order,))]
        known = [score for score in told if score is not None]
        assert told == known + [None] * (len(told) - len(known))
        assert known == sorted(known, reverse=order.startswith("-"))


def test_hosts_count_their_open_findings(made: Made, estate: Estate) -> None:
    expected = Counter((f["host"], Severity(f["severity"]).word) for f in made.open())
    words = [severity.word for severity in Severity]
    rows = asked(estate, HOSTS, "", "host", "sc_score", "findings", "repositories", *words)
    assert len(rows) == len(made.of("hosts"))
    for row in rows:
        assert [row[word] for word in words] == [expected[row["host"], word] for word in words]
        assert row["findings"] == sum(row[word] for word in words)
        assert row["sc_score"] == (
            40 * row["critical"] + 10 * row["high"] + 3 * row["medium"] + row["low"]
        )
    two = [row["repositories"] for row in rows if len(row["repositories"]) > 1]
    assert sorted(two) == [["Repo 1 north", "Repo 2 north"], ["Repo 1 south", "Repo 2 south"]]


def test_a_host_without_an_open_finding_is_found_by_its_zeros(made: Made, estate: Estate) -> None:
    expected = {h["host"] for h in made.of("hosts")} - {f["host"] for f in made.open()}
    assert expected
    for query in ("findings:0", "-findings:>0", "critical:0 high:0 medium:0 low:0 info:0"):
        assert {row["host"] for row in asked(estate, HOSTS, query, "host")} == expected
    risks = {row["risk"] for row in asked(estate, HOSTS, "findings:0", "risk")}
    assert risks == {0.0}


def test_a_list_counts_what_a_query_for_it_finds(made: Made, estate: Estate) -> None:
    rows = asked(estate, RELATIONS["lists"], "", *(f.name for f in RELATIONS["lists"].fields))
    assert len(rows) == len(made.of("asset_lists"))
    for row in rows:
        name = row["name"].replace('"', '\\"')
        where = f'console:{row["console"]} asset_list:"{name}"'
        for word in ("critical", "info"):
            query = f"{where} state:open,reopened severity:{word}"
            assert row[word] == explore.total(FINDINGS, estate, parse(query))
        assert row["hosts"] == explore.total(HOSTS, estate, parse(where))
    told = {(row["name"], row["ranges"], row["unparsed"]) for row in rows}
    assert {("Servers", 1, 0), ('Retail, "EU"', 1, 0), ("Odd", 0, 1)} <= told


def test_a_plugin_counts_hosts_once_and_findings_all(made: Made, estate: Estate) -> None:
    rows = asked(
        estate, RELATIONS["plugins"], "", "console", "plugin_id", "hosts", "findings", "severity"
    )
    for row in rows:
        mine = [
            f
            for f in made.open()
            if (f["console"], f["plugin_id"]) == (row["console"], row["plugin_id"])
        ]
        assert row["findings"] == len(mine)
        assert row["hosts"] == len({f["host"] for f in mine})
        if mine:
            assert row["severity"] == Severity(mine[0]["severity"]).word


@pytest.mark.parametrize(
    ("query", "at", "word"),
    [
        ("sevrity:high", 1, "severity"),
        ("state:open severity:hihg", 21, "critical"),
        ("state:opened", 7, "reopened"),
        ("port:x", 6, "digits"),
        ("port:99999999999999999999", 6, "digits"),
        ("vpr:nan", 5, "7.5"),
        ("kev:maybe", 5, "yes"),
        ("last_seen:yesterday", 11, "2026"),
        ("last_seen:9999-12-31", 11, "2026"),
        ("last_seen:7d..2026-01-01", 11, "2026"),
        ("ip:10.0.0.0/33", 4, "10.1.2.3"),
        ("ip:10.0.0.9-10.0.0.1", 4, "10.1.2.3"),
        ("plugin_name:>a", 14, "quotes"),
        ("-xyzzy:1", 2, "one of"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_where_it_stands(
    query: str, at: int, word: str, estate: Estate
) -> None:
    with pytest.raises(UsageError) as caught:
        asked(estate, FINDINGS, query)
    assert f"character {at}:" in caught.value.what
    assert word in caught.value.advice


NAMES = st.sampled_from([*(f.name for f in FINDINGS.fields), "cve", "age", "seen", "nosuch"])
VALUES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["*", "none", "a*b", "'; DROP TABLE findings; --", "7d", ">5", "1..2", "10.0.0.0/8", "[(\\"]
    ),
)


@settings(
    max_examples=rounds(25, soak=60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(name=NAMES, value=VALUES, negated=st.booleans(), quoted=st.booleans())
@example(name="plugin_name", value="*(a[*\\\n*", negated=False, quoted=False)
@example(name="last_seen", value="0001-01-01T00:00+14:00", negated=False, quoted=False)
@example(name="first_seen", value="999999y", negated=False, quoted=False)
def test_whatever_is_asked_is_answered_or_refused(
    made: Made, name: str, value: str, *, negated: bool, quoted: bool
) -> None:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    written = f'"{escaped}"' if quoted else value
    try:
        count = explore.total(FINDINGS, made.estate, parse(f"{'-' * negated}{name}:{written}"))
    except UsageError:
        return
    assert 0 <= count <= len(made.of("findings"))


def test_nothing_found_is_no_row_and_no_error(nothing: Estate) -> None:
    for relation in RELATIONS.values():
        assert asked(nothing, relation, "severity:high" if relation is FINDINGS else "x") == []
        assert explore.total(relation, nothing, parse("")) == 0
