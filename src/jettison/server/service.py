"""What serves one socket: an embedded server, and those before it that had an earlier certificate and still answer."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from jettison.server.embedded import Application, Embedded, Message, Receive, Security, Send

SETTLE_SECONDS = 60.0
"""How long connections are kept after their server's certificate was replaced. A handshake may take ten seconds and a
head thirty; by then each of them has been asked to make room for another, or moves something, or never will."""

_USUAL_HEAD_SECONDS = 30.0
"""Where a head may take longer than that, connections are kept longer too."""


class Service:
    """Serves ``application`` on the socket ``listening`` until :meth:`stop`.

    Another certificate is another server beside the first, so no connection waits and none is cut off.
    """

    def __init__(self, application: Application, listening: socket.socket, head_seconds: float) -> None:
        self._application = application
        self._listening = listening
        self._head_seconds = head_seconds
        self._current: tuple[Embedded, _Leaving] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._servers: set[Embedded] = set()
        self.failed = asyncio.Event()

    async def serve(self, security: Security | None) -> None:
        """From now on serve new connections so; requests that came earlier are answered on theirs."""
        former = self._current
        leaving = _Leaving(self._application)
        application = self._application if security is None else leaving
        server = Embedded(application, self._listening, security, self._head_seconds)
        await server.begin()
        self._current = server, leaving
        self._servers.add(server)
        server.tasks[0].add_done_callback(lambda _: self._ended(server))
        if former is not None:
            task = asyncio.ensure_future(self._retire(*former))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _retire(self, server: Embedded, leaving: _Leaving) -> None:
        server.accept_no_more()
        leaving.asked = True
        await asyncio.sleep(SETTLE_SECONDS * max(1.0, self._head_seconds / _USUAL_HEAD_SECONDS))
        server.stop()  # type: ignore[no-untyped-call]

    def _ended(self, server: Embedded) -> None:
        self._servers.discard(server)
        if self._current is not None and server is self._current[0]:
            self.failed.set()

    @property
    def tasks(self) -> set[asyncio.Task[Any]]:
        """The tasks that are no requests."""
        return self._tasks.union(*(server.tasks for server in self._servers))

    def stop(self) -> asyncio.Future[Any]:
        """Accept no more; done when every request has been answered."""
        self._current = None
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        ends = [server.tasks[0] for server in self._servers]
        for server in self._servers:
            server.stop()  # type: ignore[no-untyped-call]
        return asyncio.gather(*ends)


class _Leaving:
    """``application``; once it is ``asked``, every answer tells clients of HTTP/1 to take another connection.

    Whoever is told beforehand never sends a request into a connection that is just being closed. (HTTP/2 has a frame of
    its own for that.)
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self.asked = False

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        telling = self.asked and scope["http_version"] != "2"
        await self._application(scope, receive, _telling(send) if telling else send)


def _telling(send: Send) -> Send:
    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await send(message)

    return tell
