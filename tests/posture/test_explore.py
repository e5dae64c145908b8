"""Filtering, sorting and paging: what comes out equals what plain Python finds."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from plumbline.errors import UsageError
from plumbline.posture import explore
from plumbline.posture.filters import parse
from plumbline.posture.relation import Relation
from plumbline.posture.relations import RELATIONS
from plumbline.terms.severity import Severity
from small import AS_OF, engine_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from plumbline.posture.engine import Estate
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


def hosts_by_key(made: Made) -> dict[tuple[str, str], Row]:
    return {(row["console"], row["host"]): row for row in made.of("hosts")}


def days_old(row: Row) -> int | None:
    if row["first_seen"] is None:
        return None
    age = (row["fixed_at"] or AS_OF[row["console"]]) - row["first_seen"]
    return max(0, age // timedelta(days=1))


def in_network(row: Row, network: str) -> bool:
    address, net = ip_address(row["ip"]), ip_network(network)
    return address.version == net.version and address in net


CASES: dict[str, Callable[[Row, Row, Row, list[str]], Any]] = {
    "severity:critical,high": lambda f, p, h, ls: f["severity"] >= 3,
    "severity:>=medium": lambda f, p, h, ls: f["severity"] >= 2,
    "-state:open,reopened": lambda f, p, h, ls: f["state"] not in {"open", "reopened"},
    "port:443 protocol:tcp": lambda f, p, h, ls: f["port"] == 443 and f["protocol"] == "TCP",
    "port:400..500": lambda f, p, h, ls: 400 <= f["port"] <= 500,
    "recast:yes": lambda f, p, h, ls: f["recast"],
    "kev:yes": lambda f, p, h, ls: p["kev"],
    "-kev:yes": lambda f, p, h, ls: not p["kev"],
    "vpr:>=5": lambda f, p, h, ls: (p["vpr"] or 0) >= 5,
    "-vpr:>=5": lambda f, p, h, ls: not (p["vpr"] or 0) >= 5,
    "vpr:none": lambda f, p, h, ls: p["vpr"] is None,
    "vpr:none,>9": lambda f, p, h, ls: p["vpr"] is None or p["vpr"] > 9,
    "epss:>10%": lambda f, p, h, ls: (p["epss"] or 0) > 0.1,
    "cve:CVE-2026-7,cve-2025-80": lambda f, p, h, ls: {"CVE-2026-7", "CVE-2025-80"} & {*p["cves"]},
    "cve:*-2025-1*": lambda f, p, h, ls: any("-2025-1" in cve for cve in p["cves"]),
    "-cve:*": lambda f, p, h, ls: not p["cves"],
    'family:"web servers"': lambda f, p, h, ls: p["family"] == "Web Servers",
    "asset_list:Servers": lambda f, p, h, ls: "Servers" in ls,
    "-asset_list:servers": lambda f, p, h, ls: "Servers" not in ls,
    'list:"Retail, \\"EU\\""': lambda f, p, h, ls: 'Retail, "EU"' in ls,
    "asset_list:none": lambda f, p, h, ls: not ls,
    'repository:"repo 1 north"': lambda f, p, h, ls: (
        (f["console"], f["repository_id"]) == ("north", 1)
    ),
    "console:south": lambda f, p, h, ls: f["console"] == "south",
    "ip:10.1.0.0/16": lambda f, p, h, ls: in_network(f, "10.1.0.0/16"),
    "-ip:10.1.0.0/16": lambda f, p, h, ls: not in_network(f, "10.1.0.0/16"),
    "ip:10.0.0.4-10.0.0.10": lambda f, p, h, ls: f["ip"] in {"10.0.0.4", "10.0.0.7", "10.0.0.10"},
    "ip:10.1.*": lambda f, p, h, ls: f["ip"].startswith("10.1."),
    "dns_name:srv-1*.NORTH.example.test": lambda f, p, h, ls: (
        (h["dns_name"] or "").lower().startswith("srv-1") and f["console"] == "north"
    ),
    "dns_name:none": lambda f, p, h, ls: h["dns_name"] is None,
    "netbios:NORTH\\SRV1": lambda f, p, h, ls: h["netbios_name"] == "NORTH\\SRV1",
    "age:>30d": lambda f, p, h, ls: (days_old(f) or 0) > 30,
    "age:8..30": lambda f, p, h, ls: 8 <= (-1 if days_old(f) is None else days_old(f) or 0) <= 30,
    "first_seen:<8d": lambda f, p, h, ls: (
        f["first_seen"] and f["first_seen"] > AS_OF[f["console"]] - timedelta(days=8)
    ),
    "last_seen:2026-11-19": lambda f, p, h, ls: f["last_seen"].strftime("%F") == "2026-11-19",
    "last_seen:2026-11-08..2026-11-09": lambda f, p, h, ls: (
        f["last_seen"].strftime("%F") in {"2026-11-08", "2026-11-09"}
    ),
    "last_seen:>2026-11-19": lambda f, p, h, ls: f["last_seen"].strftime("%F") > "2026-11-19",
    "last_seen:<=2026-11-08": lambda f, p, h, ls: f["last_seen"].strftime("%F") <= "2026-11-08",
    "flaw": lambda f, p, h, ls: "flaw" in p["name"],
    "-SRV-1": lambda f, p, h, ls: "srv-1" not in (h["dns_name"] or "").lower(),
    "10.0.0.1": lambda f, p, h, ls: f["ip"].startswith("10.0.0.1"),
    "severity:high state:open kev:yes,no asset_list:*": lambda f, p, h, ls: (
        f["severity"] == 3 and f["state"] == "open" and p["kev"] is not None and ls
    ),
}


@pytest.mark.parametrize("query", CASES)
def test_a_query_finds_what_plain_python_finds(query: str, made: Made, estate: Estate) -> None:
    hosts = hosts_by_key(made)
    expected = {
        f["finding"]
        for f in made.of("findings")
        for host in [hosts[f["console"], f["host"]]]
        if CASES[query](f, made.plugin(f), host, made.lists_of(host))
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
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
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
