"""The HTTP server, Granian, embedded in this process. The only file that knows it."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from granian.net import SocketHolder  # type: ignore[attr-defined]
from granian.server.embed import Server

from jettison.server.errors import ServeError
from jettison.server.port import BACKLOG

if TYPE_CHECKING:
    from jettison.server.certificate import Certificate

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI 3 application without lifespan."""

_NETWORK_THREADS = 2
_RECEIVED = 256 * 1024
"""Bytes of a body that are handed over at once, at most; in HTTP/2, of a frame. Several are on their way in each
upload; in smaller ones the same gigabyte costs more time, at 64 KiB twice as much, in the 16 KiB that are usual in
HTTP/2 five times as much."""
_LARGEST_HEAD = 256 * 1024
"""Bytes of headers in HTTP/2, as HTTP/1 has by _RECEIVED. `jettison.limits.head.size` says less, with an answer."""
_STREAM_WINDOW = 1024 * 1024
_CONNECTION_WINDOW = 16 * 1024 * 1024
"""Bytes that a client of HTTP/2 may send ahead of what was taken from it, in one upload, and in all of a connection."""
_FILE_THREADS = 16
_MOST_FILES = 65_536
_MOST_CONNECTIONS = 16_384
_OWN_FILES = 128


@dataclass(frozen=True, slots=True)
class Security:
    """How TLS is served: with which certificate, from which version on (`tls1.2`, `tls1.3`), and if with HTTP/2."""

    certificate: Certificate
    minimum: str
    http2: bool


class Embedded(Server):
    """Granian as it is used here, on a socket of which it gets a handle of its own.

    HTTP/1 only, but for TLS: where HTTP/2 is possible too, a connection that never says a word is never closed.
    Connections, idle ones too, count against ``backpressure``; by default 128 of them would keep everyone else out.
    One that sends no whole head of a request within ``head_seconds`` is ended, be it that it asks nothing.
    """

    def __init__(
        self, application: Application, listening: socket.socket, security: Security | None, head_seconds: float
    ) -> None:
        logging.getLogger("_granian").addFilter(_is_news)
        super().__init__(
            application,
            interface=Interfaces.ASGINL,
            http=HTTPModes.auto if security and security.http2 else HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=round(1000 * head_seconds), max_buffer_size=_RECEIVED),
            http2_settings=HTTP2Settings(
                max_frame_size=_RECEIVED,
                max_headers_size=_LARGEST_HEAD,
                initial_stream_window_size=_STREAM_WINDOW,
                initial_connection_window_size=_CONNECTION_WINDOW,
            ),
            websockets=False,
            backlog=BACKLOG,
            backpressure=_connections(),
            runtime_threads=min(_NETWORK_THREADS, os.cpu_count() or 1),
            runtime_blocking_threads=_FILE_THREADS,
            log_level=LogLevels.warning,
            log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
        )
        self._security = security
        self._unix = listening.family == socket.AF_UNIX
        self._fd = os.dup(listening.fileno())
        self._own: list[asyncio.Task[Any]] = []

    async def begin(self) -> None:
        """Return when connections are accepted."""
        with ExitStack() as files:
            if self._security is not None:
                self.ssl_ctx = _context(self._security, files)
            self._own = [asyncio.ensure_future(self.serve())]
            await asyncio.sleep(0)  # the server makes its worker
            await asyncio.sleep(0)  # the worker reads its files
        # Both of a worker: what serves, and what watches it.
        self._own += [task for worker in self.wrks for task in (worker._task, worker._wtask) if task]  # noqa: SLF001

    @property
    def tasks(self) -> Sequence[asyncio.Task[Any]]:
        """The server's own tasks, which are no requests. The first ends when nothing is being served any more."""
        return self._own

    def accept_no_more(self) -> None:
        """Leave new connections to another server on the same socket. Those there are go on, half-open ones too.

        (By its own way to stop, clients in the middle of a handshake would be cut off.)
        """
        with socket.socket(socket.AF_UNIX) as nobodys:
            nobodys.bind("")  # a name that the kernel chooses, and nobody knows
            nobodys.listen(1)
            nobodys.setblocking(False)
            os.dup2(nobodys.fileno(), self._fd, inheritable=False)

    def _init_shared_socket(self) -> None:
        # Its own way sets SO_REUSEPORT, with which a second server shares the port and nobody notices.
        # (Its type stubs lack the arguments.)
        self._ssp = None
        self._shd: Any = SocketHolder(self._fd, self._unix, BACKLOG)  # type: ignore[call-arg]


def _context(security: Security, files: ExitStack) -> tuple[Any, ...]:
    """What Granian wants to know of TLS: paths of files, which here are no files that anybody else could read."""

    def path(content: bytes) -> str:
        file = files.enter_context(os.fdopen(os.memfd_create("tls"), "wb"))
        file.write(content)
        file.flush()
        name = f"/proc/self/fd/{file.fileno()}"
        if not os.access(name, os.R_OK):  # the server would end the process over it
            raise ServeError(
                "this process may not read /proc/self/fd, through which it hands over the key: mount /proc, and give"
                " capabilities by systemd (AmbientCapabilities), not by setcap"
            )
        return name

    certificate = security.certificate
    authorities = path(certificate.authorities) if certificate.authorities else None
    chain, key = path(certificate.chain), path(certificate.key)
    return (True, chain, key, None, security.minimum, authorities, [], authorities is not None)


def _is_news(record: logging.LogRecord) -> bool:
    return not record.getMessage().startswith("Embedded server is experimental")


def _connections() -> int:
    """How many connections may be open at once: each may need a second file, for the blob it moves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(1, min((files - _OWN_FILES) // 2, _MOST_CONNECTIONS))
