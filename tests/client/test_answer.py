from __future__ import annotations

from email.utils import formatdate
from time import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.client.answer import Answer, Problem, read_retry_after
from jettison.client.errors import (
    ClientError,
    NotAllowed,
    NotFound,
    RateLimited,
    Refused,
    Unavailable,
    Unsupported,
    Untrustworthy,
)

BODY = b'{"errors": [{"code": "UNSUPPORTED", "message": "The operation is unsupported."}]}'


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(401, {}), NotAllowed),
        (Answer(403, {}), NotAllowed),
        (Answer(404, {}), NotFound),
        (Answer(405, {}), Unsupported),
        (Answer(400, {}, BODY), Unsupported),
        (Answer(400, {}), Refused),
        (Answer(409, {}), Refused),
        (Answer(429, {}), RateLimited),
        (Answer(500, {}), Unavailable),
        (Answer(503, {}), Unavailable),
        (Answer(302, {}), Untrustworthy),
    ],
)
def test_each_status_has_its_error(answer: Answer, error: type[ClientError]) -> None:
    """The error says what was tried, and has the status."""
    made = answer.error("delete app:v1")
    assert type(made) is error
    assert "delete app:v1" in made.message
    assert made.status == answer.status


def test_what_was_expected_is_no_error() -> None:
    """Any 2xx, or exactly what is named."""
    assert Answer(202, {}).check("ask").status == 202
    assert Answer(404, {}).check("ask", 404).status == 404
    with pytest.raises(Untrustworthy):
        Answer(200, {}).check("ask", 201)


def test_an_error_body_is_read() -> None:
    """Its codes and messages; whatever is no registry's error body has none."""
    assert Answer(400, {}, BODY).errors == (Problem("UNSUPPORTED", "The operation is unsupported."),)
    for body in (
        b"",
        b"<html>",
        b"[]",
        b'{"errors": 1}',
        b'{"errors": [1, {"message": "no code"}]}',
        b'{"errors": {}}',
    ):
        assert Answer(404, {}, body).errors == ()


def test_a_message_is_one_printable_line() -> None:
    """What a server sends does not write on the terminal what it likes."""
    body = b'{"errors": [{"code": "DENIED", "message": "a\\u001b[2Jb\\nc"}]}'
    message = Answer(403, {}, body).error("ask").message
    assert message.isprintable()
    assert len(Answer(500, {}, b"x" * 100_000).error("ask").message) < 1000


def test_retry_after_is_read() -> None:
    """Seconds, or a date; else nothing (RFC 9110, 10.2.3)."""
    assert read_retry_after("120") == 120
    assert read_retry_after("soon") is None
    assert read_retry_after("") is None
    assert read_retry_after("Mon, 01 Jan 2001 00:00:00 GMT") == 0
    later = read_retry_after(formatdate(time() + 100, usegmt=True))
    assert later is not None
    assert 90 < later <= 100


@given(st.text(max_size=60))
def test_any_retry_after_is_read_without_an_error(text: str) -> None:
    """Whatever a server sends, it is no negative time."""
    assert (read_retry_after(text) or 0) >= 0


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_has_an_error_with_a_message(status: int, content: bytes) -> None:
    """Whatever a server sends, its error can be made and printed."""
    assert Answer(status, {}, content).error("ask").message.isprintable()
