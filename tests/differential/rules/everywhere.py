"""Differences that any request may show: Location, the form of errors, methods, odd paths."""

from __future__ import annotations

import re

from tests.differential.ask import Exchange
from tests.differential.rules.terms import ERROR_BODY, EVERYTHING, Rule, ours_is, plain_404, route, theirs_is


def _origin(exchange: Exchange) -> bool:
    return exchange.differing["location origin"] == ("absolute", "relative")


def _state(exchange: Exchange) -> bool:
    return exchange.differing["location query"] == ("_state", "") and route(exchange, "uploads", "upload")


def _same_error(exchange: Exchange) -> bool:
    return exchange.theirs.codes == exchange.ours.codes != ()


def _plain_405(exchange: Exchange) -> bool:
    return exchange.statuses(405, 405) and exchange.theirs.json is None and exchange.ours.codes == ("UNSUPPORTED",)


def _plain_error(exchange: Exchange) -> bool:
    return exchange.theirs.status == exchange.ours.status == 404 and plain_404(exchange)


def _more_in_allow(exchange: Exchange) -> bool:
    theirs, ours = (set(str(value).split(", ")) for value in exchange.differing["allow"])
    reads = {"HEAD"} if exchange.path.endswith(("/list", "catalog")) else set()
    return exchange.theirs.status == exchange.ours.status and ours - theirs <= {"OPTIONS"} | reads and theirs <= ours


def _no_allow(exchange: Exchange) -> bool:
    return exchange.statuses(405, 405) and exchange.differing["allow"][0] is None and exchange.theirs.codes != ()


def _options(exchange: Exchange) -> bool:
    return (
        exchange.ask.method == "OPTIONS" and exchange.ours.status == 200 and exchange.theirs.status in {200, 400, 404}
    )


def _expectation(exchange: Exchange) -> bool:
    return "Expect: nothing" in exchange.ask.headers and exchange.theirs.status == 417


def _any_method(exchange: Exchange) -> bool:
    return bool(re.fullmatch(r"/(v2|%76%32)/?", exchange.path, re.IGNORECASE)) and exchange.statuses(200, 405)


def _head_of_list(exchange: Exchange) -> bool:
    return (
        exchange.ask.method == "HEAD" and exchange.path.endswith(("/list", "catalog")) and exchange.theirs.status == 405
    )


def _welcome(exchange: Exchange) -> bool:
    return exchange.path == "/" and exchange.theirs.status == 200 and exchange.ours.status in {200, 405}


def _token(exchange: Exchange) -> bool:
    return exchange.path == "/token" and (exchange.theirs.status, exchange.ours.status) == (404, 405)


def _health(exchange: Exchange) -> bool:
    return exchange.path == "/healthz"


def _tidied(exchange: Exchange) -> bool:
    return exchange.theirs.status == 301 and exchange.theirs.place != exchange.ask.target


def _name(exchange: Exchange) -> bool:
    return plain_404(exchange) and ours_is(exchange, 400, "NAME_INVALID")


def _reference(exchange: Exchange) -> bool:
    return plain_404(exchange) and ours_is(exchange, 400, "TAG_INVALID", "DIGEST_INVALID")


def _algorithm(exchange: Exchange) -> bool:
    """Distribution reads digests of sha384 too, and knows no content by one."""
    return "sha384:" in exchange.path and exchange.theirs.status == 404 and ours_is(exchange, 400, "DIGEST_INVALID")


def _escape(exchange: Exchange) -> bool:
    """Go's server refuses these before distribution sees them."""
    return exchange.statuses(400, 400) and "docker-distribution-api-version" not in exchange.theirs.aspects


def _domain(exchange: Exchange) -> bool:
    capitals = re.match(r"/v2/[A-Za-z0-9.-]*[A-Z][A-Za-z0-9.-]*/", exchange.path)
    return bool(capitals) and not plain_404(exchange) and ours_is(exchange, 400, "NAME_INVALID")


def _long(exchange: Exchange) -> bool:
    name = re.match(r"/v2/(.+?)/(tags/list|manifests|blobs)", exchange.path)
    refused = theirs_is(exchange, 400, "NAME_INVALID") or theirs_is(exchange, 500, "UNKNOWN")
    return name is not None and len(name[1]) > 200 and refused


def _twice(exchange: Exchange) -> bool:
    return theirs_is(exchange, 400, "NAME_INVALID") or theirs_is(exchange, 500, "UNKNOWN")


def _methods_of_uploads(exchange: Exchange) -> bool:
    """Distribution looks for the upload first, and serves the route of POST and the others' alike."""
    first = theirs_is(exchange, 404, "BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID") or exchange.theirs.status == 405
    return route(exchange, "uploads", "upload") and first and exchange.ours.status == 405


def _elsewhere(exchange: Exchange) -> bool:
    """A DELETE that names nothing is told what does."""
    nothing = (exchange.theirs.status == 405 and exchange.theirs.json is None) or plain_404(exchange)
    hint = ours_is(exchange, 405, "UNSUPPORTED") or ours_is(exchange, 404, "NAME_UNKNOWN")
    return exchange.ask.method == "DELETE" and nothing and hint


RULES = (
    Rule("relative Location", frozenset({"location origin"}), _origin),
    Rule("state in Location", frozenset({"location query"}), _state),
    Rule("extra methods in Allow", frozenset({"allow"}), _more_in_allow),
    Rule("Allow where deletion is disabled", frozenset({"allow"}), _no_allow),
    Rule("OPTIONS", EVERYTHING, _options),
    Rule("Expect", EVERYTHING, _expectation),
    Rule("methods of uploads", EVERYTHING, _methods_of_uploads),
    Rule("any method on /v2/", EVERYTHING, _any_method),
    Rule("HEAD of lists", EVERYTHING, _head_of_list),
    Rule("page at the root", EVERYTHING, _welcome),
    Rule("page of health", EVERYTHING, _health),
    Rule("methods of the token service", EVERYTHING, _token),
    Rule("redirects to tidied paths", EVERYTHING, _tidied),
    Rule("error body twice", frozenset({"body goes on"}), _twice),
    Rule("names with a domain", EVERYTHING, _domain),
    Rule("longest name", EVERYTHING, _long),
    Rule("invalid names", EVERYTHING, _name),
    Rule("invalid references", EVERYTHING, _reference),
    Rule("digests of sha384", EVERYTHING, _algorithm),
    Rule("paths that cannot be decoded", EVERYTHING, _escape),
    Rule("405 in JSON", ERROR_BODY, _plain_405),
    Rule("404 in JSON", ERROR_BODY, _plain_error),
    Rule("DELETE of nothing", EVERYTHING, _elsewhere),
    Rule("detail of errors", frozenset({"detail of errors", "number of errors"}), _same_error),
)
