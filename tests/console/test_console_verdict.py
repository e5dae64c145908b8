from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import envelope

from plumbline.console.fault import BrokenError
from plumbline.console.redaction import Redactor
from plumbline.console.reply import Reply
from plumbline.console.verdict import KeysRefusedError, Refusal, judge, wait
from plumbline.errors import PlumblineError, QueryRefusedError, RetriableError, UnreachableError

NOW = 1_700_000_000.0


def verdict(status: int, body: bytes = b"", **more: str) -> PlumblineError | None:
    reply = Reply(status=status, body=body, seconds=0.1, **more)  # type: ignore[arg-type]
    try:
        judge(reply, Redactor(["topsecretkey"]), now=NOW)
    except PlumblineError as error:
        return error
    return None


def test_a_whole_answer_passes() -> None:
    assert verdict(200, envelope({"results": []})) is None
    assert verdict(200, envelope({"results": []}) + b"\n") is None


def test_an_envelope_in_another_order_passes() -> None:
    assert verdict(200, b'{"error_code":0,"response":{"x":"' + b"y" * 600 + b'"}}') is None


@pytest.mark.parametrize("code", [b"0", b'"0"'])
def test_the_error_code_may_be_text(code: bytes) -> None:
    assert verdict(200, b'{"response":[],"error_code":' + code + b',"error_msg":""}') is None


def test_a_text_that_quotes_an_error_code_decides_nothing() -> None:
    row = {"pluginText": 'the body was {"error_code":0,"error_msg":""}'}
    body = envelope(row, 146, "no such filter")
    assert isinstance(verdict(200, body), QueryRefusedError)


@given(st.integers(min_value=0))
def test_an_answer_cut_anywhere_is_asked_again(cut: int) -> None:
    body = envelope({"results": [{"a": {"b": "}"}}, {"a": {"b": "c"}}]})
    error = verdict(200, body[: cut % len(body)])
    assert isinstance(error, BrokenError)


@pytest.mark.parametrize("body", [b"", b" \n", b"<html>oops</html>", b"null", b"[]", b"{}", b"OK}"])
def test_a_200_that_is_no_answer_is_asked_again(body: bytes) -> None:
    assert isinstance(verdict(200, body), RetriableError)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", [b"", b"<html>oops</html>", envelope("", 146, "x")])
def test_busy_and_broken_consoles_are_asked_again(status: int, body: bytes) -> None:
    assert isinstance(verdict(status, body), RetriableError)


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, 1, "database is locked"),
        (403, 143, "SQL error: Database is locked\n"),
        (200, 1, "database is locked"),
        (200, 500, "internal"),
        (403, 511, ""),
        (400, 500, "x"),
    ],
)
def test_a_locked_database_passes_in_any_clothing(status: int, code: int, said: str) -> None:
    error = verdict(status, envelope("", code, said))
    assert isinstance(error, RetriableError)


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (400, b"", Refusal.UNCLEAR),
        (400, b"<html>Bad Request</html>", Refusal.UNCLEAR),
        (400, envelope("", 0, ""), Refusal.UNCLEAR),
        (400, envelope("", 9, "API keys are disabled."), Refusal.DISABLED),
        (400, envelope("", 0, "Allow API Keys is not enabled"), Refusal.DISABLED),
        (401, b"", Refusal.WRONG),
        (403, b"<html>Forbidden</html>", Refusal.WRONG),
        (403, envelope("", 0, ""), Refusal.WRONG),
        (403, envelope("", 12, "This request contains an invalid token.\n"), Refusal.WRONG),
        (403, envelope("", 74, "whatever"), Refusal.WRONG),
        (200, envelope("", 74, "whatever"), Refusal.WRONG),
        (403, envelope("", 74, "The user account is locked."), Refusal.LOCKED),
        (403, envelope("", 9, "User 'x' has been locked out"), Refusal.LOCKED),
        (403, envelope("", 9, "Your password has expired"), Refusal.EXPIRED),
        (403, envelope("", 9, "You do not have permission to do this"), Refusal.RIGHTS),
    ],
)
def test_refused_keys_are_known_for_what_they_are(
    status: int, body: bytes, refusal: Refusal
) -> None:
    error = verdict(status, body, content_type="text/html; charset=UTF-8")
    assert isinstance(error, KeysRefusedError)
    assert error.refusal is refusal
    assert error.exit_code == 4
    assert error.advice


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, 146, "Invalid parameters specified for vuln query.\nThe filter 'x' is invalid\n"),
        (403, 143, "Permission denied for filtering on Audit File #4"),
        (403, 147, "Unable to find existing Asset #31."),
        (400, 146, "Filter 'family' should be an array of records"),
        (200, 145, "Unable to retrieve AuditFile #3"),
        (403, 9, "Something that is in no list"),
    ],
)
def test_a_refused_question_tells_code_and_text_on_one_line(
    status: int, code: int, said: str
) -> None:
    error = verdict(status, envelope("", code, said))
    assert isinstance(error, QueryRefusedError)
    assert error.code == code
    assert said.split("\n", maxsplit=1)[0] in error.what
    assert "\n" not in error.what


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_gateway_or_a_wrong_address(status: int) -> None:
    error = verdict(status, location="https://sso.test/login?session=topsecretkey")
    assert isinstance(error, UnreachableError)
    assert "https://sso.test/login" in error.what
    assert "topsecretkey" not in error.what


def test_a_plain_404_means_that_no_console_is_there() -> None:
    assert isinstance(verdict(404, b"<html>Not Found</html>"), UnreachableError)


def test_what_the_console_says_is_shown_without_our_keys() -> None:
    error = verdict(403, envelope("", 146, "bad header accesskey=topsecretkey"))
    assert error is not None
    assert "topsecretkey" not in str(error)


def test_the_console_may_name_the_pause_in_seconds_or_as_a_date() -> None:
    assert wait("120", NOW) == 120
    assert wait("Tue, 14 Nov 2023 22:14:20 GMT", NOW) == 60
    assert wait("Tue, 14 Nov 2023 22:00:00 GMT", NOW) == 0
    assert [wait(text, NOW) for text in ("", "soon", "-3", "٣")] == [None] * 4
    error = verdict(429, retry_after="7")
    assert isinstance(error, RetriableError)
    assert error.after == 7


@given(status=st.integers(min_value=200, max_value=599), body=st.binary(max_size=60))
def test_every_answer_gets_a_verdict(status: int, body: bytes) -> None:
    error = verdict(status, body)
    assert error is not None
    assert "\n" not in error.what
