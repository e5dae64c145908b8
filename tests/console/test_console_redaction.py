from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plumbline.console.redaction import MASK, Redactor
from plumbline.domain.connection import Address, Connection, Keys

ACCESS, SECRET = "0123456789abcdef" * 2, "fedcba9876543210" * 2
CONNECTION = Connection(
    name="lab",
    address=Address(url="https://sc.example.test", proxy="http://joe:p%40ss word@proxy.test:3128"),
)


@given(before=st.text(), after=st.text())
def test_our_keys_never_survive_whatever_stands_around_them(before: str, after: str) -> None:
    redactor = Redactor.of(CONNECTION, Keys(ACCESS, SECRET))
    shown = redactor.clean(f"{before}{ACCESS}{after}{SECRET}{before}")
    assert ACCESS not in shown
    assert SECRET not in shown


def test_the_credentials_of_the_proxy_are_masked_in_every_spelling() -> None:
    redactor = Redactor.of(CONNECTION, None)
    pair = b64encode(b"joe:p@ss word").decode()
    shown = redactor.clean(f"p@ss word {pair} p%40ss%20word http://joe:x@proxy.test:3128/")
    assert shown == f"{MASK} {MASK} {MASK} http://{MASK}@proxy.test:3128/"


@pytest.mark.parametrize(
    "text",
    [
        "x-apikey: accesskey=HIDDEN1; secretkey=HIDDEN2;",
        "accessKey=HIDDEN1;secretKey=HIDDEN2",
        '{"access_key": "HIDDEN1", "secret-key":"HIDDEN2"}',
        "Authorization: Basic HIDDEN1",
        "proxy-authorization=Bearer HIDDEN1",
        "Cookie: TNS_SESSIONID=HIDDEN1",
        "Set-Cookie: HIDDEN1; path=/",
        "X-SecurityCenter: HIDDEN1",
        "https://HIDDEN1:HIDDEN2@host/path",
    ],
)
def test_what_looks_like_a_credential_is_masked_even_when_it_is_not_ours(text: str) -> None:
    shown = Redactor().clean(text)
    assert "HIDDEN" not in shown
    assert MASK in shown


def test_plain_words_are_left_alone() -> None:
    text = "HTTP 403: The filter 'key' is invalid, see https://docs.example/a@b"
    assert Redactor(["", "abc"]).clean(text) == text


def test_a_line_is_one_line_and_has_an_end() -> None:
    shown = Redactor().line("a\r\nb\n\n" + "c" * 400, limit=20)
    assert shown == "a b ccccccccccccccc…"
