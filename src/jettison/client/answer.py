"""One answer of a registry, read whole: what it says, and which error it means."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

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
from jettison.oci.errors import quoted

_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of an error body (OCI distribution 1.1, "Error Codes"): its code in upper case, and its message."""

    code: str
    message: str


@dataclass(frozen=True)
class Answer:
    """What came back for one request, after authentication, redirects and repetitions.

    - `headers`: names in lower case; several headers of one name are joined by a comma.
    - `url`: who answered, after redirects.
    - `used`: the credentials that the request was made with, and where they came from, for messages.
    - `refusal`: what a token server said that gave no token; empty where none refused.
    """

    status: int
    headers: Mapping[str, str] = field(hash=False)
    content: bytes = field(repr=False, default=b"")
    method: str = "GET"
    url: str = ""
    used: str = "no credentials"
    refusal: str = ""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The Content-Type in lower case, without parameters; empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the registry asks to wait (RFC 9110, 10.2.3); None where it does not say."""
        return read_retry_after(self.headers.get("retry-after", ""))

    def json(self) -> Any:
        """The body as JSON. Raises Untrustworthy where it is HTML or anything else that is not JSON."""
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            kind = "an HTML page" if self._is_html else "no JSON"
            raise Untrustworthy(
                f"{self.method} {self.url} answered {named(self.status)} with {kind}: "
                "is this the address of a registry, and not of something in front of it?",
                status=self.status,
            ) from None

    def json_object(self) -> Mapping[str, Any]:
        """The body as a JSON object. Raises Untrustworthy where it is anything else."""
        body = self.json()
        if not isinstance(body, dict):
            raise Untrustworthy(
                f"{self.method} {self.url} answered {named(self.status)} with JSON that is no object",
                status=self.status,
            )
        return body

    @cached_property
    def errors(self) -> tuple[Problem, ...]:
        """What the body says of errors, as a registry writes it; empty where it is no registry's error body.

        `{"errors": [{"code", "message"}]}`, OCI distribution 1.1, "Error Codes".
        """
        try:
            body = json.loads(self.content)
        except (ValueError, RecursionError):
            return ()
        listed = body.get("errors") if isinstance(body, dict) else None
        entries = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        coded = [each for each in entries if "code" in each]
        return tuple(Problem(str(each["code"]).upper(), _short(str(each.get("message") or ""))) for each in coded)

    def check(self, doing: str, *expected: int) -> Answer:
        """The answer itself if its status is one of the `expected` (none: any 2xx), else raises what `error` makes."""
        if self.status in expected or (not expected and self.ok):
            return self
        raise self.error(doing)

    def error(self, doing: str) -> ClientError:
        """The error that this answer means; `doing` says what was tried, as in "delete repo1:v1"."""
        said = self.said
        if self.status in {401, 403}:
            why = f"{said}; {self.refusal}" if self.refusal else said
            return NotAllowed(f"may not {doing}, with {self.used}: {why}. {self._next_step}", status=self.status)
        codes = {problem.code for problem in self.errors}
        if self.status == 405 or "UNSUPPORTED" in codes:
            return Unsupported(f"cannot {doing}: the registry does not do this: {said}", status=self.status)
        if self.status == 404:
            return NotFound(f"cannot {doing}: it is not there: {said}", status=404)
        if self.status == 429:
            after = self.retry_after
            wait = "wait, or sign in" if after is None else f"try again in {after:.0f} s"
            return RateLimited(f"cannot {doing}: too many requests; {wait}: {said}", retry_after=after)
        if self.status >= 500:
            return Unavailable(
                f"cannot {doing}: the registry fails with {said}; try again, or look at its log", status=self.status
            )
        if 400 <= self.status < 500:
            return Refused(f"cannot {doing}: the registry refuses: {said}", status=self.status)
        return Untrustworthy(f"cannot {doing}: an answer that none of this means: {said}", status=self.status)

    @property
    def _next_step(self) -> str:
        host = urlsplit(self.url).netloc
        return f"Sign in with `jettison login {host}`" if self.status == 401 else "Use an account that may"

    @property
    def _is_html(self) -> bool:
        begins = self.content[:200].lstrip().lower()
        return self.media_type == "text/html" or begins.startswith((b"<!doctype", b"<html"))

    @property
    def said(self) -> str:
        """The status and what the body says, in one line."""
        told = "; ".join(f"{each.code}: {each.message}" if each.message else each.code for each in self.errors)
        if not told and self.content and not self._is_html:
            told = _short(self.content[:1000].decode("utf-8", "replace"))
        return f"{named(self.status)} ({told})" if told else named(self.status)


def named(status: int) -> str:
    """A status with its phrase, as `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def read_retry_after(text: str) -> float | None:
    """Seconds from now, of a number of seconds or a date (RFC 9110, 10.2.3); None for anything else."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE and line.isprintable() else quoted(line[:_LONGEST_MESSAGE])
