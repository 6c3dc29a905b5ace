"""What a client reads in an answer, in the same words for both registries."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.http.raw import Answer

READ = (
    "content-type",
    "docker-content-digest",
    "range",
    "content-range",
    "accept-ranges",
    "etag",
    "cache-control",
    "allow",
    "oci-subject",
    "oci-tag",
    "oci-filters-applied",
    "www-authenticate",
    "docker-distribution-api-version",
)
"""Headers that are compared as they are; Location, Link, Content-Length and Docker-Upload-UUID are taken apart."""

_uuid = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. ``aspects`` are what is compared, by name; one that the answer does not have is not in it.

    ``json`` is the body where it is JSON, else None; ``place`` the path and query of Location, as a client follows it.
    """

    status: int
    aspects: dict[str, object]
    json: Any
    body: bytes
    place: str | None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in the error body, each once; none in any other."""
        found: Any = self.aspects.get("codes", ())
        return tuple(found)

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return 200 <= self.status < 300

    @classmethod
    def of(cls, answer: Answer, method: str, *, whole: bool) -> Seen:
        """What is to be seen in the ``answer`` to a request of that method; ``whole``: its body was not cut short."""
        read, more = _read_json(answer)
        aspects: dict[str, object] = {"status": answer.status, "whole": whole, "body goes on": more}
        for name in READ:
            value = answer.header(name)
            if value is not None:
                aspects[name] = re.sub(r"\s*([;,])\s*", r"\1", value).lower() if name == "content-type" else value
        place = _see_location(answer, aspects)
        _see_link(answer, aspects)
        if answer.header("docker-upload-uuid"):
            aspects["docker-upload-uuid"] = "there"
        if _is_refusal(answer, read):
            _see_refusal(read, aspects)
        else:
            _see_body(answer, method, read, aspects)
        return cls(answer.status, aspects, read, answer.body, place)


def _read_json(answer: Answer) -> tuple[Any, bool]:
    """The first value of a body in JSON, as decoders of streams read it; and whether more follows."""
    if "json" not in (answer.header("content-type") or ""):
        return None, False
    try:
        text = answer.body.decode()
        value, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return None, False
    return value, bool(text[end:].strip())


def _is_refusal(answer: Answer, read: Any) -> bool:
    return answer.status >= 400 and isinstance(read, dict) and isinstance(read.get("errors"), list)


def _see_location(answer: Answer, aspects: dict[str, object]) -> str | None:
    location = answer.header("location")
    if location is None:
        return None
    parts = urlsplit(location)
    aspects["location"] = _uuid.sub("<id>", parts.path)
    aspects["location origin"] = "absolute" if parts.netloc else "relative"
    aspects["location query"] = ",".join(sorted(name for name, _ in parse_qsl(parts.query)))
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _see_link(answer: Answer, aspects: dict[str, object]) -> None:
    link = answer.header("link")
    if link is None:
        return
    url, _, relation = link.partition(">")
    parts = urlsplit(url.removeprefix("<"))
    aspects["link"] = (parts.path, tuple(sorted(parse_qsl(parts.query))), relation)
    aspects["link origin"] = "absolute" if parts.netloc else "relative"


def _see_refusal(read: Any, aspects: dict[str, object]) -> None:
    """An error body: its codes; apart from them how many errors it lists, and of which fields each is made."""
    errors = read["errors"]
    aspects["codes"] = tuple(sorted({str(error.get("code")) for error in errors}))
    aspects["number of errors"] = len(errors)
    aspects["fields of errors"] = ",".join(sorted({name for error in errors for name in error if name != "detail"}))
    details = {type(error.get("detail")).__name__ for error in errors}
    aspects["detail of errors"] = ",".join(sorted(details))


def _see_body(answer: Answer, method: str, read: Any, aspects: dict[str, object]) -> None:
    """Content, and Content-Length: of a HEAD as it stands, else whether the length that was told is that of the body.

    The length of JSON that is no content of a client's is left out: white space may differ.
    """
    length = answer.header("content-length")
    made_here = read is not None and answer.header("docker-content-digest") is None
    if method != "HEAD":
        digest = hashlib.sha256(answer.body).hexdigest()[:12]
        aspects["body"] = read if made_here else f"{len(answer.body)} bytes of sha256 {digest}"
        aspects["length told"] = None if answer.status in {204, 304} else length in {None, str(len(answer.body))}
    elif answer.status < 400:
        aspects["content-length"] = length
