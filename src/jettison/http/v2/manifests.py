"""Manifests: pull, push, delete."""

from __future__ import annotations

from jettison.http.request import Request
from jettison.http.response import Headers, Response
from jettison.http.v2.deleting import delete
from jettison.metadata.manifests import StoredManifest
from jettison.oci.digest import Digest
from jettison.oci.errors import TagInvalid, TooLarge
from jettison.oci.reference import Tag
from jettison.registry.plan import Target
from jettison.registry.pull import find_manifest
from jettison.registry.push import Pushed, push_manifest

DRAINED = 64 * 1024 * 1024


async def get(request: Request) -> Response:
    """Needs pull. OCI 1.1, "Pulling manifests": as it was pushed, whatever Accept says."""
    name, reference = request.name, request.reference
    whole = request.method == "GET"
    found = await request.edge.read(
        lambda: find_manifest(request.edge.registry, name, reference, content=whole)
    )
    digest = str(found.digest).encode()
    headers = _headers(found, digest)
    if _matches(request.header(b"if-none-match"), digest):
        return Response(304, headers)
    return Response(200, headers, found.content or b"", found.size)


def _headers(found: StoredManifest, digest: bytes) -> Headers:
    return [
        (b"content-type", found.media_type.encode()),
        (b"docker-content-digest", digest),
        (b"etag", b'"%s"' % digest),
    ]


def _matches(header: str | None, digest: bytes) -> bool:
    """Whether If-None-Match names this digest (RFC 9110, 13.1.2: weak comparison)."""
    if header is None:
        return False
    tags = {tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")}
    return "*" in tags or digest.decode() in tags


async def put(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing manifests", and the tag parameters of its development version."""
    name, reference = request.name, request.reference
    also = [Tag.parse(value) for key, value in request.query if key == "tag"]
    if also and not isinstance(reference, Digest):
        raise TagInvalid("tag parameters go with a push by digest: this one is by tag")
    media_type = (request.header(b"content-type") or "").split(";")[0].strip() or None
    content = await _read(request)
    registry = request.edge.registry
    pushed = await request.edge.run(lambda: push_manifest(registry, name, reference, content, media_type, also))
    return Response(201, _pushed_headers(request, pushed))


async def _read(request: Request) -> bytes:
    limit = request.edge.registry.rules.manifest_limit
    length = request.content_length
    if length is None or length <= limit:
        content = await request.body.gather(limit + 1)
        if len(content) <= limit:
            return bytes(content)
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
