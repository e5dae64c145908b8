from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console.addresses import console_url, fingerprint, proxy_url
from plumbline.errors import UsageError

DIGITS = "ab" * 32


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://sc.example.com", "https://sc.example.com"),
        (" HTTPS://SC.Example.com/ ", "https://sc.example.com"),
        ("https://sc.example.com/rest", "https://sc.example.com"),
        ("https://sc.example.com:8443/rest/", "https://sc.example.com:8443"),
        ("https://sc.example.com/Prefix/rest/", "https://sc.example.com/Prefix"),
        ("https://sc.example.com/interest", "https://sc.example.com/interest"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_kept_in_one_form(given_url: str, kept: str) -> None:
    assert console_url(given_url) == kept


@pytest.mark.parametrize(
    ("given_url", "why"),
    [
        ("sc.example.com", "does not begin with https://"),
        ("sc.example.com:8443", "does not begin with https://"),
        ("", "does not begin with https://"),
        ("ftp://sc.example.com", "does not begin with https://"),
        ("https://", "names no host"),
        ("https:///rest", "names no host"),
        ("https://sc.example.com:port", "host or port"),
        ("https://sc.example.com:99999", "host or port"),
        ("https://sc.example.com:0", "port 0"),
        ("https://[::1", "host or port"),
        ("https://user:hush@sc.example.com", "user name"),
        ("https://sc.example.com/#vulnerabilities", "after ? or #"),
        ("https://sc.example.com/?x=hush", "after ? or #"),
        ("https://sc.example.com/#", "after ? or #"),
        ("https://sc.exa mple.com", "space"),
        ("https://sc.example.com/\x1b[2J", "cannot be seen"),
        ("https://sc.example.com\u202e", "cannot be seen"),
        ("http://sc.example.com", "plain http"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("http://localhost.example.com", "plain http"),
        ("http://10.0.0.1", "plain http"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_the_reason(
    given_url: str, why: str
) -> None:
    with pytest.raises(UsageError) as caught:
        console_url(given_url)
    assert why in caught.value.what
    assert caught.value.advice
    assert "hush" not in " ".join(caught.value.lines())


@given(st.text() | st.text().map("https://{}".format))
def test_any_text_is_an_address_that_stays_as_it_is_or_a_usage_error(text: str) -> None:
    try:
        url = console_url(text)
    except UsageError:
        return
    assert console_url(url) == url


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        DIGITS.upper(),
        ":".join(["AB"] * 32),
        "sha256:" + DIGITS,
        "SHA256 Fingerprint=" + ":".join(["AB"] * 32),
        "SHA-256 " + DIGITS,
        f" {DIGITS[:32]} {DIGITS[32:]}\n",
    ],
)
def test_a_fingerprint_is_read_in_every_usual_form(text: str) -> None:
    assert fingerprint(text) == DIGITS


@pytest.mark.parametrize("text", ["", "abc", "ab" * 20, "xy" * 32, "ab" * 33, "٣" * 64])
def test_a_fingerprint_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no SHA-256"):
        fingerprint(text)


def test_a_proxy_keeps_its_credentials() -> None:
    assert proxy_url("http://User:P%40ss@Proxy.example:3128/") == (
        "http://User:P%40ss@proxy.example:3128"
    )


@pytest.mark.parametrize(
    "text", ["proxy:3128", "http://u:hush/ed@proxy:3128", "http://proxy:x", "http://proxy/path"]
)
def test_a_proxy_that_cannot_be_used_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(UsageError, match="proxy's address") as caught:
        proxy_url(text)
    assert "hush" not in " ".join(caught.value.lines())
