"""The ASGI application: finds the handler, sends what it answers, turns what it raises into the error body."""

from __future__ import annotations

import time

import structlog

from jettison.http import host, readonly
from jettison.http.console import console
from jettison.http.console.console import Console
from jettison.http.door import gate
from jettison.http.edge import Edge
from jettison.http.errors import error_response
from jettison.http.manage import guard, management
from jettison.http.manage.management import Management
from jettison.http.proxies import address_of
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
from jettison.http.traffic import Traffic
from jettison.http.v2 import hints
from jettison.oci.errors import NameInvalid, NameUnknown, RegistryError, Unauthorized, Unavailable, Unsupported

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
    """Everything that is served on the registry's address. ``traffic`` counts it, where somebody wants to know.

    While ``unwell`` every request is answered 503: a health check fails, and whoever watches takes the registry out.
    """

    unwell = False

    def __init__(self, edge: Edge, routes: tuple[Route, ...] = ROUTES, traffic: Traffic | None = None) -> None:
        self.edge = edge
        self._traffic = traffic
        self._find = Router(routes).find
        self._management = Management(edge)
        self._console = Console(edge)
        configured = {name for name, _ in edge.headers}
        own = [header for header in OWN_HEADERS if header[0] not in configured]
        self._common: Headers = [*own, *edge.headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request = Request(self.edge, scope, receive)
        response = await self._respond(request)
        try:
            response = await self._send(request, response, send)
        finally:
            self._note(request, response, time.perf_counter() - started)

    async def _respond(self, request: Request) -> Response | Stream:
        try:
            return await self._handle(request)
        except Exception as error:  # noqa: BLE001 - whatever failed, the client gets an answer and the log the reason
            return _refusal(request, error)

    async def _handle(self, request: Request) -> Response | Stream:
        limits = self.edge.limits
        limits.check_head(request.scope)
        request.path = self._path(request)
        if self.unwell:
            raise _unwell()
        host.check(request)
        found = self._find(request.path)
        if found is None and request.path.startswith(console.ROOT):
            return await self._console.answer(request)
        if found is None:
            await gate.enter(request)
            if request.path.startswith(management.ROOT):
                return await self._management.answer(request)
            raise await _unknown(request)
        request.route, request.parts, request.allowed = found.path, found.parts, found.allowed
        if found.path == console.HOME and console.asks_for_page(request):
            return await self._console.answer(request)
        return await self._serve(request, found)

    async def _serve(self, request: Request, found: Found) -> Response | Stream:
        """The answer of a route of the table. Its handler runs if the caller may do what the route needs."""
        route, limits = found.methods.get(request.method), self.edge.limits
        guarded = self.edge.door is not None or limits.rates is not None
        if route is not None:
            request.needs = route.needs
            guarded = guarded and not gate.knows(request, found.parts.get("name"))
        if guarded:
            await gate.enter(request)
        if found.path not in gate.OPEN:
            readonly.check(request)
        if route is None:
            return await _other_method(request, found)
        if guarded:
            await gate.check(request, found.parts.get("name"))
        if request.method == "POST":
            guard.check_post(request)
        try:
            return await route.handler(request)
        except (NameUnknown, NameInvalid) as error:
            if request.method == "DELETE":
                raise await hints.meant(request, error) from error
            raise

    def _path(self, request: Request) -> str:
        """The path beneath `http.prefix`. Raises NameInvalid, and PathUnknown for one that is elsewhere."""
        asked = decode_path(request.scope["raw_path"])
        path = self.edge.beneath(asked)
        if path is None:
            raise PathUnknown(f"{asked} is no path of this registry: its API begins at {self.edge.prefix}/v2/")
        return path

    async def _send(self, request: Request, response: Response | Stream, send: Send) -> Response | Stream:
        """Send it, or the refusal that it turns out to be. What was sent."""
        if request.method not in BODILESS and not await request.body.drain(DRAINED):
            response.headers.append((b"connection", b"close"))
        if isinstance(response, Response):
            await response.send(send, self._common)
            return response
        try:
            await response.send(self.edge, request.body, send, self._common)
        except Exception as error:
            if response.started:
                raise
            refusal = _refusal(request, error)
            await refusal.send(send, self._common)
            return refusal
        return response

    def _note(self, request: Request, response: Response | Stream, seconds: float) -> None:
        """Log and count what was answered; 499 where the client had not sent all."""
        if self._traffic is None and not self.edge.access_log:
            return
        status = 499 if request.body.broken else response.status
        sent = response.sends if request.method != "HEAD" else 0
        if self.edge.access_log:
            _log_access(request, status, seconds, sent)
        if self._traffic is not None:
            self._traffic.note(request.route, request.method, status, seconds, request.body.received, sent)


def _refusal(request: Request, error: Exception) -> Response:
    if isinstance(error, Unauthorized):
        response = gate.challenge(request, error)
    else:
        response = error_response(error)
    if response.status == 405:
        # RFC 9110, 15.5.6: what may be sent instead, be it nothing.
        allowed = ", ".join(method for method in request.allowed if method != request.method)
        response.headers.append((b"allow", allowed.encode()))
    if response.status == 500:
        _log.error("request failed", id=request.id, method=request.method, path=request.path, exc_info=error)
    if response.status == 507:
        _log.warning("no space", id=request.id, method=request.method, path=request.path, error=str(error))
    if response.status >= 500:
        # What to look for in the log. Others need none: their message says all.
        response.headers.append((b"x-request-id", request.id.encode()))
    return response


def _unwell() -> Unavailable:
    # The detail is distribution's.
    return Unavailable(
        "a health check of this registry fails: /debug/health on its debug address says which, and why",
        "health check failed: please see /debug/health",
    )


async def _unknown(request: Request) -> RegistryError:
    if request.method == "DELETE":
        return await hints.refuse_delete(request)
    return PathUnknown(f"{request.path} is no path of this registry: its API begins at {request.edge.prefix}/v2/")


async def _other_method(request: Request, found: Found) -> Response:
    allowed = ", ".join(request.allowed)
    if request.method == "OPTIONS":
        return Response(200, [(b"allow", allowed.encode())])
    if request.method == "DELETE":
        raise await hints.refuse_delete(request)
    if found.methods.keys() == {"DELETE"}:
        raise await _unknown(request)
    raise Unsupported(f"{request.method} is not supported on {request.path}: it takes {allowed}")


def _log_access(request: Request, status: int, seconds: float, sent: int) -> None:
    """One line, its fields as docs/operations/monitoring.md has them."""
    _access.info(
        "request",
        method=request.method,
        path=request.path,
        status=status,
        milliseconds=round(seconds * 1000, 2),
        received=request.body.received,
        sent=sent,
        id=request.id,
        client=address_of(request.scope, request.edge.proxies),
        agent=request.header(b"user-agent") or "",
    )
