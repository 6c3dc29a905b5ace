"""The ASGI application: finds the handler, sends what it answers, turns what it raises into the error body."""

from __future__ import annotations

import time
from typing import Any

import structlog

from jettison.http.edge import Edge
from jettison.http.errors import error_response
from jettison.http.manage import management
from jettison.http.manage.management import Management
from jettison.http.request import (
    BODILESS,
    PathUnknown,
    Receive,
    Request,
    Scope,
    Send,
    decode_path,
)
from jettison.http.response import Headers, Response
from jettison.http.routes import ROUTES, Found, Route, Router
from jettison.http.stream import Stream
from jettison.http.v2 import hints
from jettison.oci.errors import NameInvalid, NameUnknown, RegistryError, Unsupported

DRAINED = 8 * 1024 * 1024
"""Bytes of a refused body that are still read: a client that is cut off while it sends never reads why."""

OWN_HEADERS = (
    (b"docker-distribution-api-version", b"registry/2.0"),
    (b"x-content-type-options", b"nosniff"),
    (b"server", b"jettison"),
)
"""Headers of every answer, unless http.headers has them: distribution's own file sets the second one."""

_access = structlog.get_logger("access")
_log = structlog.get_logger("jettison.http")


class Application:
    """Everything that is served on the registry's address."""

    def __init__(self, edge: Edge, routes: tuple[Route, ...] = ROUTES) -> None:
        self.edge = edge
        self._find = Router(routes).find
        self._management = Management(edge)
        configured = {name for name, _ in edge.headers}
        own = [header for header in OWN_HEADERS if header[0] not in configured]
        self._common: Headers = [*own, *edge.headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(self.edge, scope, receive)
        response = await self._respond(request)
        await self._send(request, response, send)
        if self.edge.access_log:
            status = 499 if request.body.broken else response.status
            _log_access(request, status, time.perf_counter() - started)

    async def _respond(self, request: Request) -> Response | Stream:
        try:
            return await self._handle(request)
        except Exception as error:  # noqa: BLE001 - whatever failed, the client gets an answer and the log the reason
            return _refusal(request, error)

    async def _handle(self, request: Request) -> Response | Stream:
        request.path = decode_path(request.scope["raw_path"])
        found = self._find(request.path)
        if found is None:
            if request.path.startswith(management.ROOT):
                return await self._management.answer(request)
            raise await _unknown(request)
        request.parts, request.allowed = found.parts, found.allowed
        route = found.methods.get(request.method)
        if route is None:
            return await _other_method(request, found)
        try:
            return await route.handler(request)
        except (NameUnknown, NameInvalid) as error:
            if request.method == "DELETE":
                raise await hints.meant(request, error) from error
            raise

    async def _send(self, request: Request, response: Response | Stream, send: Send) -> None:
        if request.method not in BODILESS and not await request.body.drain(DRAINED):
            response.headers.append((b"connection", b"close"))
        if isinstance(response, Response):
            await response.send(send, self._common)
            return
        try:
            await response.send(self.edge, request.body, send, self._common)
        except Exception as error:
            if response.started:
                raise
            await _refusal(request, error).send(send, self._common)


def _refusal(request: Request, error: Exception) -> Response:
    response = error_response(error)
    if response.status == 405:
        # RFC 9110, 15.5.6: what may be sent instead, be it nothing.
        allowed = ", ".join(method for method in request.allowed if method != request.method)
        response.headers.append((b"allow", allowed.encode()))
    if response.status == 500:
        _log.error("request failed", method=request.method, path=request.path, exc_info=error)
    if response.status == 507:
        _log.warning("no space", method=request.method, path=request.path, error=str(error))
    return response


async def _unknown(request: Request) -> RegistryError:
    if request.method == "DELETE":
        return await hints.refuse_delete(request)
    return PathUnknown(f"{request.path} is no path of this registry: its API begins at /v2/")


async def _other_method(request: Request, found: Found) -> Response:
    allowed = ", ".join(found.allowed)
    if request.method == "OPTIONS":
        return Response(200, [(b"allow", allowed.encode())])
    if request.method == "DELETE":
        raise await hints.refuse_delete(request)
    if found.methods.keys() == {"DELETE"}:
        raise await _unknown(request)
    raise Unsupported(f"{request.method} is not supported on {request.path}: it takes {allowed}")


def _log_access(request: Request, status: int, seconds: float) -> None:
    client: Any = request.scope.get("client")
    _access.info(
        "request",
        method=request.method,
        path=request.path,
        status=status,
        milliseconds=round(seconds * 1000, 2),
        client=client[0] if client else "",
        agent=request.header(b"user-agent") or "",
    )
