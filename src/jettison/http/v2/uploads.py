"""Upload sessions: begin, mount, append, finish, look, cancel."""

from __future__ import annotations

from jettison.http.errors import error_response
from jettison.http.intake import take_in
from jettison.http.ranges import Span, parse_content_range
from jettison.http.request import BadRequest, Request
from jettison.http.response import Headers, Response
from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, RangeInvalid, SizeInvalid
from jettison.oci.reference import RepositoryName
from jettison.registry import uploads
from jettison.registry.access import Action
from jettison.registry.mount import mount
from jettison.registry.uploads import Arrival, Incoming, Upload


async def post(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing blobs": mounted (201), taken whole (201), or a session begun (202)."""
    name, registry, owner = request.name, request.edge.registry, request.caller.identity
    mounted = request.argument("mount")
    if mounted is not None and await _mount(request, Digest.parse(mounted)):
        return _created(request, Digest.parse(mounted))
    algorithm = request.argument("digest-algorithm") or "sha256"
    digest = request.argument("digest")
    if digest is not None:
        wanted = Digest.parse(digest)
        if not _announces_only(request, wanted):
            upload = await request.edge.run(lambda: uploads.start(registry, name, wanted.algorithm, owner))
            arrival = await request.edge.read(lambda: uploads.arrive(registry, name, upload.id, 0, owner))
            return await _take_whole(request, arrival, wanted, None)
        algorithm = wanted.algorithm
    return _accepted(request, await request.edge.run(lambda: uploads.start(registry, name, algorithm, owner)))


async def _mount(request: Request, digest: Digest) -> bool:
    source = request.argument("from")
    parsed = RepositoryName.parse(source) if source else None
    name, registry, origin, caller = request.name, request.edge.registry, request.origin, request.caller
    return await request.edge.run(
        lambda: mount(registry, name, digest, parsed, lambda other: caller.may(Action.PULL, other), origin)
    )


def _announces_only(request: Request, digest: Digest) -> bool:
    """Whether a POST with a digest and no body only begins a session; of an empty blob it is all there is."""
    chunked = request.header(b"transfer-encoding") is not None
    return not chunked and request.content_length in (None, 0) and digest != Digest.of(b"", digest.algorithm)


async def get(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing a blob in chunks": how far the session is."""
    return Response(204, _progress(request, await _status(request)))


async def _status(request: Request) -> Upload:
    name, id, owner, registry = request.name, request.parts["id"], request.caller.identity, request.edge.registry
    return await request.edge.read(lambda: uploads.status(registry, name, id, owner))


async def patch(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing a blob in chunks"; without a Content-Range it goes on where the last ended."""
    try:
        span = _sent(request)
        arrival = await _arrive(request, span)
        upload = await take_in(
            request.edge,
            request.body,
            lambda: _begin(request, arrival),
            lambda incoming: _checked(incoming, span).pause(),
        )
    except RangeInvalid as error:
        return await _out_of_order(request, error)
    return _accepted(request, upload)


async def put(request: Request) -> Response:
    """Needs push. OCI 1.1, "Pushing a blob": the last of its bytes, or all, and its digest."""
    digest = request.argument("digest")
    if digest is None:
        raise DigestInvalid("the digest is missing: end the upload with PUT ...?digest=sha256:...")
    try:
        span, wanted = _sent(request), Digest.parse(digest)
        return await _take_whole(request, await _arrive(request, span), wanted, span)
    except RangeInvalid as error:
        return await _out_of_order(request, error)


async def _take_whole(request: Request, arrival: Arrival, digest: Digest, span: Span | None) -> Response:
    origin = request.origin

    def begin() -> Incoming:
        incoming = _begin(request, arrival)
        incoming.expect(digest)
        return incoming

    await take_in(request.edge, request.body, begin, lambda incoming: _checked(incoming, span).finish(digest, origin))
    return _created(request, digest)


async def remove(request: Request) -> Response:
    """Needs push. OCI 1.1's development version, "Canceling a blob upload"."""
    if request.query:
        raise BadRequest("the DELETE of an upload takes no parameters")
    name, id, owner, registry = request.name, request.parts["id"], request.caller.identity, request.edge.registry
    await request.edge.run(lambda: uploads.cancel(registry, name, id, owner))
    return Response(204, [(b"docker-upload-uuid", id.encode())])


def _sent(request: Request) -> Span | None:
    span = parse_content_range(request.header(b"content-range"))
    length = request.content_length
    if span is not None and length is not None and span.length != length:
        raise SizeInvalid(f"Content-Range has {span.length} bytes and Content-Length says {length}: which is right?")
    return span


async def _arrive(request: Request, span: Span | None) -> Arrival:
    name, id, owner, registry = request.name, request.parts["id"], request.caller.identity, request.edge.registry
    return await request.edge.read(lambda: uploads.arrive(registry, name, id, span.start if span else None, owner))


def _begin(request: Request, arrival: Arrival) -> Incoming:
    incoming = uploads.take_over(request.edge.registry, arrival)
    incoming.announce(request.content_length or 0)
    return incoming


def _checked(incoming: Incoming, span: Span | None) -> Incoming:
    """Without a Content-Length only the end tells whether the body was as long as its Content-Range."""
    if span is not None and incoming.received != span.stop:
        raise SizeInvalid(f"Content-Range has {span.length} bytes and {incoming.received - span.start} were sent")
    return incoming


async def _out_of_order(request: Request, error: RangeInvalid) -> Response:
    """416 with how far the session is: the client goes on there."""
    upload = await _status(request)
    response = error_response(RangeInvalid(error.message, error.detail))
    response.headers += _progress(request, upload)
    return response


def _accepted(request: Request, upload: Upload) -> Response:
    return Response(202, _progress(request, upload))


def _progress(request: Request, upload: Upload) -> Headers:
    return [
        (b"location", request.edge.url(f"/v2/{request.name}/blobs/uploads/{upload.id}")),
        # Nothing received reads 0-0 too: the header has no way to say so, and CNCF distribution writes it.
        (b"range", b"0-%d" % max(upload.received - 1, 0)),
        (b"docker-upload-uuid", upload.id.encode()),
    ]


def _created(request: Request, digest: Digest) -> Response:
    location = request.edge.url(f"/v2/{request.name}/blobs/{digest}")
    return Response(201, [(b"location", location), (b"docker-content-digest", str(digest).encode())])
