"""What every refusal must look like: OCI distribution 1.1, "Error Codes"."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.http.raw import Answer


@dataclass(frozen=True, slots=True)
class Refusal:
    """The one error of an error body."""

    code: str
    message: str
    detail: Any


def refusal(answer: httpx2.Response | Answer) -> Refusal:
    """The error of an answer, whose form is asserted."""
    if isinstance(answer, Answer):
        content, content_type = answer.body, answer.header("content-type")
    else:
        content, content_type = answer.content, answer.headers.get("content-type")
    assert content_type == "application/json", answer
    body = json.loads(content)
    assert body.keys() == {"errors"}, body
    [error] = body["errors"]
    assert error.keys() == {"code", "message", "detail"}, error
    assert isinstance(error["message"], str)
    assert len(error["message"]) > 10, "a message says what is wrong and what to do"
    return Refusal(**error)


def assert_refused(answer: httpx2.Response | Answer, status: int, code: str) -> Refusal:
    """Assert that the answer refuses with this status and code; its error is returned."""
    found = answer.status if isinstance(answer, Answer) else answer.status_code
    assert found == status, answer.body if isinstance(answer, Answer) else answer.text
    error = refusal(answer)
    assert error.code == code, error
    return error
