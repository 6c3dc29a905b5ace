"""Every error's status, in one table, and the error body of OCI distribution 1.1, "Error Codes"."""

from __future__ import annotations

from jettison.blobs import store
from jettison.http.door import refusals
from jettison.http.limits import HeadTooLarge
from jettison.http.request import BadRequest, ClientGone, PathUnknown, Stalled, TypeUnsupported
from jettison.http.response import Headers, Response, json_response
from jettison.oci import errors
from jettison.oci.errors import Json, RangeInvalid, RegistryError, TooManyRequests, Unavailable

STATUS: dict[type[Exception], int] = {
    BadRequest: 400,
    ClientGone: 400,
    errors.NameInvalid: 400,
    errors.TagInvalid: 400,
    errors.DigestInvalid: 400,
    errors.ManifestInvalid: 400,
    errors.SizeInvalid: 400,
    errors.BlobUploadInvalid: 400,
    errors.PaginationInvalid: 400,
    errors.PatternInvalid: 400,
    errors.RuleInvalid: 400,
    errors.AccountInvalid: 400,
    errors.GrantInvalid: 400,
    errors.Unauthorized: 401,
    refusals.ScopeInsufficient: 401,
    refusals.TokenInvalid: 401,
    refusals.UnknownKey: 401,
    errors.Denied: 403,
    PathUnknown: 404,
    errors.NameUnknown: 404,
    errors.ManifestUnknown: 404,
    errors.ManifestBlobUnknown: 400,
    errors.BlobUnknown: 404,
    errors.BlobUploadUnknown: 404,
    errors.Unsupported: 405,
    errors.DeletionUnknown: 404,
    errors.NothingMatched: 404,
    errors.AccountUnknown: 404,
    errors.GrantUnknown: 404,
    Stalled: 408,
    errors.PlanOutdated: 409,
    errors.DeletionEnded: 409,
    errors.FilterTooWide: 409,
    errors.AccountExists: 409,
    errors.LastAdministrator: 409,
    errors.TooLarge: 413,
    store.TooLong: 413,
    TypeUnsupported: 415,
    errors.RangeInvalid: 416,
    errors.TooManyRequests: 429,
    HeadTooLarge: 431,
    errors.Unavailable: 503,
    errors.DiskFull: 507,
    store.BytesMissing: 500,
    store.NotDurable: 503,
    store.Unreachable: 503,
    store.NoSpace: 507,
}

FULL = "the disk of this registry is full: free some space, or delete something, then go on; nothing stored is lost"
"""Which disk, and how full it is, is for the log."""

AWAY = "the storage of this registry does not answer: try again; nothing stored is lost"

_CODES = {413: errors.TooLarge.code, 500: "UNKNOWN"}
_AT_ONCE: Headers = [(b"retry-after", b"1")]


def error_response(error: Exception) -> Response:
    """The response that tells ``error``; anything that is not in the table is ours, and says no more than that."""
    if isinstance(error, RegistryError):
        return _response(STATUS[type(error)], error.code, error.message, error.detail, _headers(error))
    if isinstance(error, store.Unreachable):
        # What was refused, where and why, is for the log.
        return _response(503, "UNAVAILABLE", AWAY, None, _AT_ONCE)
    status = STATUS.get(type(error))
    if status is not None:
        message = FULL if status == 507 else str(error)
        return _response(status, _CODES.get(status, "UNAVAILABLE"), message, None, [])
    return _response(500, "UNKNOWN", "the server failed at this request; its log says why", None, [])


def _response(status: int, code: str, message: str, detail: Json, headers: Headers) -> Response:
    return json_response(status, {"errors": [{"code": code, "message": message, "detail": detail}]}, headers)


def _headers(error: RegistryError) -> Headers:
    if isinstance(error, Unavailable):
        return _AT_ONCE
    if isinstance(error, TooManyRequests):
        return [(b"retry-after", b"%d" % error.seconds)]
    if isinstance(error, RangeInvalid) and error.size is not None:
        return [(b"content-range", b"bytes */%d" % error.size)]
    return []
