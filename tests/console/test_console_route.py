from __future__ import annotations

import pytest

from plumbline.console.route import Proxy, plan
from plumbline.domain.connection import Address
from plumbline.errors import ConfigurationError

PROXY = "http://joe:s3cr%40t@proxy.test:3128"


def address(url: str = "https://sc.example.test", *no_proxy: str, proxy: str = PROXY) -> Address:
    return Address(url=url, proxy=proxy, no_proxy=no_proxy)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sc.example.test",
        "ftp://sc.example.test",
        "https://",
        "https://user:word@sc.example.test",
        "https://sc.example.test/?a=1",
        "https://sc.example.test:port",
        "https://[::1",
        "http://sc.example.test",
        "http://10.0.0.1",
        "http://localhost.example.test",
    ],
)
def test_addresses_that_cannot_be_used_are_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        plan(address(url))


@pytest.mark.parametrize("url", ["http://localhost:8080", "http://127.0.0.9", "http://[::1]:1"])
def test_plain_http_is_for_this_machine_and_needs_no_proxy(url: str) -> None:
    assert plan(address(url)).proxy is None


def test_an_address_has_port_and_path_where_they_belong() -> None:
    route = plan(address("https://sc.example.test:8443/tenable/", proxy=""))
    assert (route.host, route.port, route.prefix) == ("sc.example.test", 8443, "/tenable")
    assert route.hop == ("sc.example.test", 8443)


def test_a_proxy_keeps_its_credentials_to_itself() -> None:
    route = plan(address())
    assert route.proxy is not None
    assert route.proxy.headers == {"Proxy-Authorization": "Basic am9lOnMzY3JAdA=="}
    assert route.proxy.url == "http://proxy.test:3128"
    assert route.hop == ("proxy.test", 3128)
    assert "am9l" not in repr(route)


@pytest.mark.parametrize(
    ("entry", "direct"),
    [
        ("*", True),
        ("sc.example.test", True),
        ("SC.Example.Test", True),
        ("example.test", True),
        (".example.test", True),
        ("*.example.test", True),
        ("ample.test", False),
        ("other.test", False),
        ("10.0.0.0/8", False),
        ("", False),
    ],
)
def test_no_proxy_names_hosts_and_domains(entry: str, *, direct: bool) -> None:
    assert (plan(address("https://sc.example.test", entry)).proxy is None) is direct


@pytest.mark.parametrize(
    ("entry", "direct"),
    [("10.0.0.0/8", True), ("10.1.2.3", True), ("192.168.0.0/16", False), ("fe80::/10", False)],
)
def test_no_proxy_names_blocks_of_addresses(entry: str, *, direct: bool) -> None:
    assert (plan(address("https://10.1.2.3", entry)).proxy is None) is direct


@pytest.mark.parametrize("proxy", ["socks5://joe:hunter22@proxy.test", "http://joe:hunter22@[::"])
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(proxy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan(address(proxy=proxy))
    assert "hunter22" not in " ".join(caught.value.lines())
    assert caught.value.__cause__ is None


def test_a_proxy_without_a_scheme_is_plain_http() -> None:
    assert plan(address(proxy="proxy.test:8080")).proxy == Proxy(
        scheme="http", host="proxy.test", port=8080
    )
