"""The words in which rules say when they hold."""

from __future__ import annotations

import re

from tests.differential.ask import Exchange
from tests.differential.ledger import EVERYTHING, Rule

__all__ = ["ERROR_BODY", "EVERYTHING", "Rule", "accepts", "ours_is", "plain_404", "route", "theirs_is"]

ERROR_BODY = frozenset(
    {"body", "content-type", "codes", "number of errors", "fields of errors", "detail of errors", "length told"}
)
_ROUTES = {
    "root": r"/v2/?",
    "catalog": r"/v2/_catalog",
    "tags": r"/v2/.+/tags/list",
    "manifest": r"/v2/.+/manifests/[^/]+",
    "blob": r"/v2/.+/blobs/[^/]+",
    "uploads": r"/v2/.+/blobs/uploads/?",
    "upload": r"/v2/.+/blobs/uploads/[^/]+|{place:.+}.*",
    "referrers": r"/v2/.+/referrers/[^/]+",
}


def route(exchange: Exchange, *names: str) -> bool:
    """Whether the request goes to one of these routes, whatever its parts are."""
    return any(re.fullmatch(_ROUTES[name], exchange.path) for name in names)


def ours_is(exchange: Exchange, status: int, *codes: str) -> bool:
    """Whether Jettison answers with that status and one of these codes (of a HEAD, nobody sees the code)."""
    seen = exchange.ours
    return seen.status == status and (exchange.ask.method == "HEAD" or seen.codes in {(code,) for code in codes})


def theirs_is(exchange: Exchange, status: int, *codes: str) -> bool:
    """The same of distribution."""
    seen = exchange.theirs
    return seen.status == status and (exchange.ask.method == "HEAD" or seen.codes in {(code,) for code in codes})


def plain_404(exchange: Exchange) -> bool:
    """Whether distribution has no route for this: a text of Go's."""
    seen = exchange.theirs
    return seen.status == 404 and str(seen.aspects.get("content-type", "")).startswith("text/plain")


def header(exchange: Exchange, name: str) -> str:
    """The values of a header of the request, with commas between them; empty where it is not there."""
    fields = [field.partition(":") for field in exchange.ask.headers]
    return ",".join(value.strip() for key, _, value in fields if key.lower() == name)


def accepts(exchange: Exchange, media_type: object) -> bool:
    """Whether the request's Accept names this media type."""
    return str(media_type) in header(exchange, "accept")
