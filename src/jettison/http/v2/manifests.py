"""Manifests: pull, push, delete."""

from __future__ import annotations

from jettison.http.conditions import client_has
from jettison.http.request import Request
from jettison.http.response import Headers, Response
from jettison.http.v2.deleting import delete
from jettison.metadata.manifests import StoredManifest
from jettison.oci.digest import Digest
from jettison.oci.errors import TagInvalid, TooLarge
from jettison.oci.reference import Tag
from jettison.registry.pull import find_manifest
from jettison.registry.push import Pushed, push_manifest
from jettison.registry.target import Target


async def get(request: Request) -> Response:
    """Needs pull. OCI 1.1, "Pulling manifests": as it was pushed, whatever Accept says."""
    name, reference = request.name, request.reference
    whole = request.method == "GET"
    registry = request.edge.registry
    found = await request.edge.read(lambda: find_manifest(registry, name, reference, content=whole))
    headers = _headers(found)
    if client_has(request.header(b"if-none-match"), found.digest):
        return Response(304, headers)
    headers.append((b"content-type", found.media_type.encode()))
    if registry.events.wanted:
        registry.events.manifest_pulled(request.origin, name, reference, found)
    return Response(200, headers, found.content or b"", found.size)


def _headers(found: StoredManifest) -> Headers:
    digest = str(found.digest).encode()
    return [(b"docker-content-digest", digest), (b"etag", b'"%s"' % digest)]


async def put(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing manifests", and the tag parameters of its development version."""
    name, reference = request.name, request.reference
    also = [Tag.parse(value) for key, value in request.query if key == "tag"]
    if also and not isinstance(reference, Digest):
        raise TagInvalid("tag parameters go with a push by digest: this one is by tag")
    media_type = (request.header(b"content-type") or "").split(";")[0].strip() or None
    content = await _read(request)
    registry, origin, caller = request.edge.registry, request.origin, request.caller
    pushed = await request.edge.run(
        lambda: push_manifest(registry, name, reference, content, media_type, also, origin, caller)
    )
    return Response(201, _pushed_headers(request, pushed))


async def _read(request: Request) -> bytes:
    limit = request.edge.registry.rules.manifest_limit
    length = request.content_length
    if length is None or length <= limit:
        content = await request.body.whole(limit)
        if content is not None:
            return content
    raise TooLarge(f"the manifest has more than {limit} bytes, which is the most that is accepted")


def _pushed_headers(request: Request, pushed: Pushed) -> Headers:
    digest = str(pushed.digest)
    headers: Headers = [
        (b"location", request.edge.url(f"/v2/{request.name}/manifests/{digest}")),
        (b"docker-content-digest", digest.encode()),
    ]
    if pushed.subject is not None:
        headers.append((b"oci-subject", str(pushed.subject).encode()))
    headers.extend((b"oci-tag", str(tag).encode()) for tag in pushed.tags)
    return headers


async def remove(request: Request) -> Response:
    """Needs delete. OCI 1.1, "Content Management": a tag alone, or a manifest with what only it held."""
    return await delete(request, Target(request.name, request.reference))
