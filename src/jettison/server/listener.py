"""Serving until a signal ends it: whatever is in flight then has some time to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from jettison.server.embedded import Application, Security
from jettison.server.errors import ServeError
from jettison.server.idle import Idle
from jettison.server.service import Service
from jettison.settings.models.http import Http

if TYPE_CHECKING:
    from jettison.server.certificate import Certificate

_CANCEL_SECONDS = 1.0

_log = structlog.get_logger("jettison.server")


def run(
    application: Application,
    listening: socket.socket,
    http: Http,
    certificate: Certificate | None,
    head_seconds: float,
) -> bool:
    """Serve ``application`` on the socket ``listening``, which is closed at the end, until SIGTERM or SIGINT.

    A connection is ended that sends no head of a request within ``head_seconds``.
    With a ``certificate`` it is TLS, as ``http.tls`` says, and follows what is renewed in its files. From the signal on
    no connection is accepted, and requests in flight may end within ``http.draintimeout``, or until a second signal.
    Returns whether they did; if not, threads that cannot be stopped may still be at work, and the process has to be
    ended. Raises ServeError if the server ends without being asked to.
    """
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    drained = loop.run_until_complete(
        _serve(Service(application, listening, head_seconds), listening, http, certificate)
    )
    if drained:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return drained


async def _serve(service: Service, listening: socket.socket, http: Http, certificate: Certificate | None) -> bool:
    asked, hurried = asyncio.Event(), asyncio.Event()

    def heed() -> None:
        (hurried if asked.is_set() else asked).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, heed)
    waiting = [asyncio.ensure_future(event.wait()) for event in (asked, hurried, service.failed)]
    following = await _begin(service, http, certificate)
    with Idle(listening, watch=certificate is not None and not http.http2.disabled):
        await asyncio.wait({waiting[0], waiting[2]}, return_when=asyncio.FIRST_COMPLETED)
    if not asked.is_set():
        raise ServeError("the HTTP server ended by itself: the log says why")
    # The others are requests: counting them here costs none of them anything.
    own = {asyncio.current_task(), *waiting, *following, *service.tasks}
    grace = http.draintimeout.total_seconds()
    _log.info("ending", requests=len(asyncio.all_tasks() - own), grace_seconds=grace)
    for task in following:
        task.cancel()
    serving = service.stop()
    await asyncio.wait({serving, waiting[1]}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
    for event in waiting:
        event.cancel()
    return await _cut(asyncio.all_tasks() - own, serving)


async def _begin(service: Service, http: Http, certificate: Certificate | None) -> list[asyncio.Task[None]]:
    """Begin to serve. What has to go on beside it."""
    if http.tls is None or certificate is None:
        await service.serve(None)
        return []
    # Imported only where it is used: what reads certificates takes a while to import.
    from jettison.server.renewal import follow, warn  # noqa: PLC0415

    minimum, http2 = http.tls.minimumtls, not http.http2.disabled

    async def take(renewed: Certificate) -> None:
        await service.serve(Security(renewed, minimum, http2))

    await take(certificate)
    warn(certificate)
    return [asyncio.ensure_future(follow(http.tls, certificate, take))]


async def _cut(requests: set[asyncio.Task[Any]], serving: asyncio.Future[Any]) -> bool:
    if not requests and serving.done():
        serving.result()
        return True
    for request in requests:
        request.cancel()
    await asyncio.wait({*requests, serving}, timeout=_CANCEL_SECONDS)
    _log.warning("ending before every answer was sent", cancelled=len(requests))
    return False
