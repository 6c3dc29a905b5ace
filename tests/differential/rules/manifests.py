"""Differences of manifests: pulled, pushed, listed by subject."""

from __future__ import annotations

from jettison.oci.media_types import DOCKER_INDEX
from tests.differential.ask import Exchange
from tests.differential.rules.terms import EVERYTHING, Rule, accepts, header, ours_is, plain_404, route, theirs_is


def _reads(exchange: Exchange) -> bool:
    return exchange.ask.method in {"GET", "HEAD"} and route(exchange, "manifest")


def _any_accept(exchange: Exchange) -> bool:
    if not _reads(exchange) or not theirs_is(exchange, 404, "MANIFEST_UNKNOWN"):
        return False
    if exchange.ours.status == 304:
        return True
    return exchange.ours.status == 200 and not accepts(exchange, exchange.ours.aspects["content-type"])


def _of_a_list(exchange: Exchange) -> bool:
    kind = exchange.ours.aspects.get("content-type")
    served = exchange.theirs.status in {200, 400, 404}
    return _reads(exchange) and kind == DOCKER_INDEX and not accepts(exchange, kind) and served


def _condition(exchange: Exchange) -> bool:
    condition = header(exchange, "if-none-match")
    particular = condition.startswith("W/") or "," in condition or condition == "*"
    return _reads(exchange) and particular and exchange.statuses(200, 304)


def _not_modified(exchange: Exchange) -> bool:
    return _reads(exchange) and exchange.statuses(304, 304)


def _blob_as_manifest(exchange: Exchange) -> bool:
    return _reads(exchange) and theirs_is(exchange, 500, "UNKNOWN") and ours_is(exchange, 404, "MANIFEST_UNKNOWN")


def _pushes(exchange: Exchange) -> bool:
    return exchange.ask.method == "PUT" and route(exchange, "manifest")


def _subject(exchange: Exchange) -> bool:
    return _pushes(exchange) and exchange.statuses(201, 201)


def _tag_parameters(exchange: Exchange) -> bool:
    return _pushes(exchange) and "tag=" in exchange.ask.target and exchange.theirs.status == 201


def _artifact(exchange: Exchange) -> bool:
    return _pushes(exchange) and "artifact" in exchange.ask.about and theirs_is(exchange, 400, "MANIFEST_INVALID")


def _server_error(exchange: Exchange) -> bool:
    ours = ours_is(exchange, 400, "MANIFEST_INVALID", "DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN")
    return _pushes(exchange) and exchange.theirs.status == 500 and ours


def _foreign(exchange: Exchange) -> bool:
    """Distribution wants a layer that lies elsewhere, unless it has urls that it is set up to allow."""
    body = exchange.ask.body or b""
    elsewhere = b"nondistributable" in body or b'"urls"' in body
    return _pushes(exchange) and elsewhere and exchange.theirs.status >= 400 and exchange.ours.status in {201, 400}


def _codes(exchange: Exchange) -> bool:
    both = exchange.theirs.status == exchange.ours.status == 400
    missing = "MANIFEST_BLOB_UNKNOWN" in exchange.theirs.codes
    return (
        _pushes(exchange)
        and both
        and missing
        and exchange.ours.codes[0] in {*exchange.theirs.codes, "MANIFEST_INVALID"}
    )


def _both_wrong(exchange: Exchange) -> bool:
    return (
        _pushes(exchange) and theirs_is(exchange, 400, "DIGEST_INVALID") and ours_is(exchange, 400, "MANIFEST_INVALID")
    )


def _sha512(exchange: Exchange) -> bool:
    return (
        _pushes(exchange)
        and "sha512:" in exchange.path
        and theirs_is(exchange, 400, "DIGEST_INVALID")
        and exchange.ours.status == 201
    )


def _unknown_not_modified(exchange: Exchange) -> bool:
    return _reads(exchange) and exchange.theirs.status == 304 and ours_is(exchange, 404, "MANIFEST_UNKNOWN")


def _too_large(exchange: Exchange) -> bool:
    return "too large" in exchange.ask.about and exchange.statuses(400, 413)


def _stricter(exchange: Exchange) -> bool:
    changed = exchange.ask.about & {"changed", "changed index", "nonsense"}
    return (
        _pushes(exchange)
        and bool(changed)
        and exchange.theirs.status == 201
        and ours_is(exchange, 400, "MANIFEST_INVALID")
    )


def _laxer(exchange: Exchange) -> bool:
    changed = exchange.ask.about & {"changed", "changed index", "nonsense"}
    return (
        _pushes(exchange)
        and bool(changed)
        and theirs_is(exchange, 400, "MANIFEST_INVALID")
        and (exchange.ours.status == 201 or ours_is(exchange, 400, "MANIFEST_BLOB_UNKNOWN"))
    )


def _referrers(exchange: Exchange) -> bool:
    return route(exchange, "referrers") and plain_404(exchange) and exchange.ours.status in {200, 400, 405}


RULES = (
    Rule("Accept does not decide", EVERYTHING, _any_accept),
    Rule("no image picked out of a list", EVERYTHING, _of_a_list),
    Rule("If-None-Match of manifests", EVERYTHING, _condition),
    Rule("headers of 304", frozenset({"etag", "docker-content-digest"}), _not_modified),
    Rule("blob asked for as a manifest", EVERYTHING, _blob_as_manifest),
    Rule("OCI-Subject", frozenset({"oci-subject"}), _subject),
    Rule("tag parameters", EVERYTHING, _tag_parameters),
    Rule("artifact manifests", EVERYTHING, _artifact),
    Rule("invalid manifests are not a server's error", EVERYTHING, _server_error),
    Rule("layers that lie elsewhere", EVERYTHING, _foreign),
    Rule("several codes for one manifest", frozenset({"codes", "detail of errors", "number of errors"}), _codes),
    Rule("digest and manifest both wrong", EVERYTHING, _both_wrong),
    Rule("manifests by sha512", EVERYTHING, _sha512),
    Rule("304 for what is not there", EVERYTHING, _unknown_not_modified),
    Rule("too large a manifest", EVERYTHING, _too_large),
    Rule("stricter manifests", EVERYTHING, _stricter),
    Rule("laxer manifests", EVERYTHING, _laxer),
    Rule("referrers", EVERYTHING, _referrers),
)
