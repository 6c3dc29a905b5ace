"""Blobs: read, whole or in part, and deleted where no manifest needs them."""

from __future__ import annotations

from jettison.blobs.store import Key
from jettison.http.conditions import client_has, etag
from jettison.http.ranges import Span, parse_range
from jettison.http.redirects import OCTETS
from jettison.http.request import Request
from jettison.http.response import Headers, Response
from jettison.http.stream import Stream
from jettison.http.v2.deleting import delete
from jettison.oci.digest import Digest
from jettison.registry.pull import extend_lease, find_blob, needs_lease
from jettison.registry.target import Target


async def get(request: Request) -> Response | Stream:
    """Needs pull. OCI 1.1, "Pulling blobs", with the ranges of RFC 9110, 14."""
    name, digest = request.name, request.digest
    registry, content = request.edge.registry, request.method == "GET"
    blob = await request.edge.read(lambda: find_blob(registry, name, digest, content=content))
    headers: Headers = [(b"docker-content-digest", str(digest).encode())]
    lasting = (b"etag", etag(digest).encode()), (b"cache-control", b"max-age=31536000")
    if request.method == "HEAD" and await request.edge.read(lambda: needs_lease(registry, blob)):
        await request.edge.run(lambda: extend_lease(registry, name, blob))
    if client_has(request.header(b"if-none-match"), digest):
        return Response(304, [*headers, *lasting])
    span = _asked(request, digest, blob.size) if content else None
    if registry.events.wanted:
        registry.events.blob_pulled(request.origin, name, digest, blob.size)
    if content and (elsewhere := await _redirected(request, Key(blob.key), headers)) is not None:
        return elsewhere
    headers += [*lasting, (b"content-type", OCTETS.encode()), (b"accept-ranges", b"bytes")]
    if request.method == "HEAD":
        return Response(200, headers, length=blob.size)
    if span is None:
        return Stream(200, headers, Key(blob.key), Span(0, blob.size), blob.size)
    headers.append((b"content-range", span.content_range(blob.size).encode()))
    return Stream(206, headers, Key(blob.key), span, blob.size)


async def _redirected(request: Request, key: Key, headers: Headers) -> Response | None:
    """The redirect to the bucket, if there is one: it knows nothing of our ETag, so If-Range stays with us."""
    redirects = request.edge.redirects
    if redirects is None or request.header(b"if-range") is not None:
        return None
    return await request.edge.run(lambda: redirects.to(key, headers))


def _asked(request: Request, digest: Digest, size: int) -> Span | None:
    """The part asked for; None is the whole, also when If-Range names another version (RFC 9110, 13.1.5)."""
    condition = request.header(b"if-range")
    if condition is not None and condition != etag(digest):
        return None
    return parse_range(request.header(b"range"), size)


async def remove(request: Request) -> Response:
    """Needs delete. OCI 1.1, "Deleting Blobs": refused while a manifest of the repository needs it."""
    return await delete(request, Target(request.name, request.digest, blob=True))
