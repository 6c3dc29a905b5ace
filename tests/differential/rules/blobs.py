"""Differences of blobs: read, and uploaded."""

from __future__ import annotations

import re

from tests.differential.ask import Exchange
from tests.differential.rules.terms import EVERYTHING, Rule, header, ours_is, route, theirs_is


def _reads(exchange: Exchange) -> bool:
    return exchange.ask.method in {"GET", "HEAD"} and route(exchange, "blob")


def _gone(exchange: Exchange) -> bool:
    known = exchange.theirs.status in {200, 206, 304, 416, 412}
    return _reads(exchange) and "gone" in exchange.ask.about and known and ours_is(exchange, 404, "BLOB_UNKNOWN")


def _odd_range(exchange: Exchange) -> bool:
    """What is no range, or another unit, is passed over."""
    asked = header(exchange, "range")
    unread = re.fullmatch(r"bytes=\s*(\d{1,18}-\d{0,18}|-\d{1,18})\s*", asked) is None
    return _reads(exchange) and unread and exchange.theirs.status in {206, 416} and exchange.ours.status in {200, 206}


def _several(exchange: Exchange) -> bool:
    return _reads(exchange) and "," in header(exchange, "range") and exchange.statuses(206, 200)


def _range_of_head(exchange: Exchange) -> bool:
    return (
        exchange.ask.method == "HEAD"
        and _reads(exchange)
        and exchange.theirs.status in {206, 416}
        and exchange.ours.status == 200
    )


def _manifest_as_blob(exchange: Exchange) -> bool:
    """Its revision is linked where distribution looks for blobs."""
    return (
        _reads(exchange)
        and "other kind" in exchange.ask.about
        and exchange.theirs.status == 200
        and ours_is(exchange, 404, "BLOB_UNKNOWN")
    )


def _unquoted(exchange: Exchange) -> bool:
    condition = header(exchange, "if-none-match")
    return _reads(exchange) and condition.startswith("sha256:") and exchange.ours.status == 304


def _unsatisfied(exchange: Exchange) -> bool:
    return _reads(exchange) and exchange.statuses(416, 416)


def _last_none(exchange: Exchange) -> bool:
    return header(exchange, "range") == "bytes=-0" and exchange.statuses(206, 416)


def _needed(exchange: Exchange) -> bool:
    return (
        exchange.ask.method == "DELETE"
        and route(exchange, "blob")
        and exchange.theirs.status == 202
        and ours_is(exchange, 405, "UNSUPPORTED")
    )


def _at_once(exchange: Exchange) -> bool:
    return exchange.ask.method == "POST" and "?digest=" in exchange.ask.target and exchange.theirs.status == 202


def _algorithm(exchange: Exchange) -> bool:
    return "digest-algorithm=md5" in exchange.ask.target and exchange.theirs.status == 202


def _if_match(exchange: Exchange) -> bool:
    return _reads(exchange) and exchange.theirs.status == 412 and bool(header(exchange, "if-match"))


def _mounts(exchange: Exchange) -> bool:
    return exchange.ask.method == "POST" and "mount" in exchange.ask.about


def _anonymous(exchange: Exchange) -> bool:
    return _mounts(exchange) and exchange.statuses(202, 201) and not re.search(r"from=[^&]", exchange.ask.target)


def _malformed_mount(exchange: Exchange) -> bool:
    return (
        "mount=" in exchange.ask.target
        and exchange.theirs.status == 202
        and ours_is(exchange, 400, "DIGEST_INVALID", "NAME_INVALID")
    )


def _without_state(exchange: Exchange) -> bool:
    return "without state" in exchange.ask.about and theirs_is(exchange, 404, "BLOB_UPLOAD_INVALID")


def _unknown_upload(exchange: Exchange) -> bool:
    unknown = ours_is(exchange, 404, "BLOB_UPLOAD_UNKNOWN") or ours_is(exchange, 400, "DIGEST_INVALID")
    theirs = theirs_is(exchange, 404, "BLOB_UPLOAD_INVALID") or theirs_is(exchange, 500, "UNKNOWN")
    return route(exchange, "upload") and theirs and unknown


def _content_range(exchange: Exchange) -> bool:
    given = any(field.startswith("Content-Range:") for field in exchange.ask.headers)
    ignored = header(exchange, "content-range") == "" and exchange.theirs.ok
    either = ignored or theirs_is(exchange, 500, "UNKNOWN") or exchange.theirs.codes == ("DIGEST_INVALID",)
    return given and either and exchange.ours.status in {202, 201, 400, 416}


def _where_to_go_on(exchange: Exchange) -> bool:
    return exchange.statuses(416, 416) and route(exchange, "upload")


def _type_of_chunk(exchange: Exchange) -> bool:
    return (
        exchange.ask.method == "PATCH"
        and theirs_is(exchange, 500, "UNKNOWN")
        and "octet-stream" not in header(exchange, "content-type")
        and exchange.ours.status == 202
    )


def _sha512(exchange: Exchange) -> bool:
    """Distribution stores it under its digest of sha256, answers to both, and with that one."""
    pushed = "digest=sha512:" in exchange.ask.target and exchange.statuses(201, 201)
    read = exchange.statuses(200, 304) or exchange.statuses(200, 200) or ours_is(exchange, 404, "BLOB_UNKNOWN")
    return pushed or ("by sha512" in exchange.ask.about and exchange.theirs.status == 200 and read)


def _size_or_range(exchange: Exchange) -> bool:
    return (
        route(exchange, "upload")
        and theirs_is(exchange, 416, "RANGE_INVALID")
        and ours_is(exchange, 400, "SIZE_INVALID")
    )


def _refused_leaves_nothing(exchange: Exchange) -> bool:
    asked = bool(exchange.ask.about & {"after a refusal", "range"}) and exchange.statuses(204, 204)
    return asked and exchange.ours.aspects["range"] in {"0-0", "0-9"}


def _refused_is_over(exchange: Exchange) -> bool:
    return route(exchange, "upload") and exchange.theirs.status == 204 and ours_is(exchange, 404, "BLOB_UPLOAD_UNKNOWN")


def _cancel(exchange: Exchange) -> bool:
    return "cancel" in exchange.ask.about and "x=y" in exchange.ask.target and exchange.statuses(204, 400)


RULES = (
    Rule("blobs go with their manifest", EVERYTHING, _gone),
    Rule("several ranges", EVERYTHING, _several),
    Rule("ranges that are none", EVERYTHING, _odd_range),
    Rule("Range of HEAD", EVERYTHING, _range_of_head),
    Rule("manifest asked for as a blob", EVERYTHING, _manifest_as_blob),
    Rule("If-None-Match without quotes", EVERYTHING, _unquoted),
    Rule("416 of a blob", EVERYTHING, _unsatisfied),
    Rule("the last 0 bytes", EVERYTHING, _last_none),
    Rule("blobs that are needed stay", EVERYTHING, _needed),
    Rule("POST with the blob", EVERYTHING, _at_once),
    Rule("unknown digest-algorithm", EVERYTHING, _algorithm),
    Rule("If-Match", EVERYTHING, _if_match),
    Rule("mount from anywhere", EVERYTHING, _anonymous),
    Rule("malformed mounts", EVERYTHING, _malformed_mount),
    Rule("uploads need no state", EVERYTHING, _without_state),
    Rule("unknown uploads", EVERYTHING, _unknown_upload),
    Rule("Content-Range that cannot be read", EVERYTHING, _content_range),
    Rule(
        "where to go on",
        frozenset({"location", "location origin", "location query", "range", "docker-upload-uuid"}),
        _where_to_go_on,
    ),
    Rule("media type of a chunk", EVERYTHING, _type_of_chunk),
    Rule("blobs by sha512", EVERYTHING, _sha512),
    Rule("wrong start and wrong length", EVERYTHING, _size_or_range),
    Rule("a refused end leaves nothing", frozenset({"range"}), _refused_leaves_nothing),
    Rule("a refused upload is over", EVERYTHING, _refused_is_over),
    Rule("parameters of a cancel", EVERYTHING, _cancel),
)
