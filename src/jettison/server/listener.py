"""The HTTP server, Granian, embedded in this process. The only file that knows it."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import structlog
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.embed import Server

from jettison.server.errors import ServeError
from jettison.server.port import BACKLOG

Message: TypeAlias = MutableMapping[str, Any]
Application: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
"""An ASGI 3 application without lifespan."""

GRACE_SECONDS = 10.0
"""How long requests may go on after the first signal."""

_CANCEL_SECONDS = 1.0
_NETWORK_THREADS = 2
_RECEIVED = 256 * 1024
"""Bytes of a body that are handed over at once, at most. Several are on their way in each upload; in smaller ones the
same gigabyte costs more time, at 64 KiB twice as much."""
_FILE_THREADS = 16
_MOST_FILES = 65_536
_MOST_CONNECTIONS = 16_384
_OWN_FILES = 128

_log = structlog.get_logger("jettison.server")


def run(application: Application, listening: socket.socket, grace: float = GRACE_SECONDS) -> bool:
    """Serve ``application`` on the socket ``listening``, which is closed at the end, until SIGTERM or SIGINT.

    From then on no connection is accepted, and requests in flight may end within ``grace`` seconds, or until a second
    signal. Returns whether they did; if not, threads that cannot be stopped may still be at work, and the process has
    to be ended. Raises ServeError if the server ends without being asked to.
    """
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    drained = loop.run_until_complete(_serve(application, listening, grace))
    if drained:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
    return drained


async def _serve(application: Application, listening: socket.socket, grace: float) -> bool:
    asked, hurried = asyncio.Event(), asyncio.Event()

    def heed() -> None:
        (hurried if asked.is_set() else asked).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, heed)
    waiting = [asyncio.ensure_future(event.wait()) for event in (asked, hurried)]
    server = _Embedded(application, listening)
    serving = asyncio.ensure_future(server.serve())
    await asyncio.sleep(0)
    own = asyncio.all_tasks()  # the others are requests: counting them here costs none of them anything
    await asyncio.wait({serving, waiting[0]}, return_when=asyncio.FIRST_COMPLETED)
    if not asked.is_set():
        raise ServeError("the HTTP server ended by itself: the log says why") from serving.exception()
    _log.info("ending", requests=len(asyncio.all_tasks() - own), grace_seconds=grace)
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving, waiting[1]}, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    return await _cut(asyncio.all_tasks() - own, serving)


async def _cut(requests: set[asyncio.Task[Any]], serving: asyncio.Future[None]) -> bool:
    if not requests and serving.done():
        serving.result()
        return True
    for request in requests:
        request.cancel()
    await asyncio.wait({*requests, serving}, timeout=_CANCEL_SECONDS)
    _log.warning("ending before every answer was sent", cancelled=len(requests))
    return False


class _Embedded(Server):
    """Granian as it is used here.

    HTTP/1 only: where HTTP/2 is possible too, a connection that never says a word is never closed. Connections, idle
    ones too, count against ``backpressure``; by default 128 of them would keep everyone else out.
    """

    def __init__(self, application: Application, listening: socket.socket) -> None:
        logging.getLogger("_granian").addFilter(_is_news)
        super().__init__(
            application,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(max_buffer_size=_RECEIVED),
            websockets=False,
            backlog=BACKLOG,
            backpressure=_connections(),
            runtime_threads=min(_NETWORK_THREADS, os.cpu_count() or 1),
            runtime_blocking_threads=_FILE_THREADS,
            log_level=LogLevels.warning,
            log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        # Its own way sets SO_REUSEPORT, with which a second server shares the port and nobody notices.
        # (Its type stubs lack the arguments.)
        self._ssp = None
        self._shd: Any = SocketHolder(self._listening.detach(), False, BACKLOG)  # type: ignore[call-arg]


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Embedded server is experimental")


def _connections() -> int:
    """How many connections may be open at once: each may need a second file, for the blob it moves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(1, min((files - _OWN_FILES) // 2, _MOST_CONNECTIONS))
