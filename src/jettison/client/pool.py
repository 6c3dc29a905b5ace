"""Connections to one origin, each kept for the next request.

The pool of httpcore2 serves many origins, and looks at all of its connections, and at the sockets of those that are
idle, before and after each request. Here the one that was used last is looked at, when it is taken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpcore2

if TYPE_CHECKING:
    from httpcore2 import ConnectionInterface, Request, Response


class Pool:
    """At most `most` connections that `connect` makes; may be used by several threads.

    Who finds all of them busy waits `patience` seconds for one.
    """

    def __init__(self, connect: Callable[[], ConnectionInterface], *, most: int, patience: float) -> None:
        self._connect = connect
        self._patience = patience
        self._places = threading.Semaphore(most)
        self._lock = threading.Lock()
        self._open: set[ConnectionInterface] = set()
        self._idle: list[ConnectionInterface] = []
        self._closed = False

    def send(self, request: Request) -> Lease:
        """Send a request and wait for the head of its answer. Raises what httpcore2 raises."""
        if not self._places.acquire(timeout=self._patience):
            raise httpcore2.PoolTimeout
        connection = self._take()
        try:
            return Lease(self, connection, connection.handle_request(request))
        except BaseException:
            self.take_back(connection)
            raise

    def take_back(self, connection: ConnectionInterface) -> None:
        """Keep a connection for the next request, unless it is broken off in the middle of an answer."""
        with self._lock:
            keep = connection.is_idle() and not self._closed
            if keep:
                self._idle.append(connection)
            else:
                self._open.discard(connection)
        self._places.release()
        if not keep and not connection.is_closed():
            connection.close()

    def close(self) -> None:
        """Close all of them; requests under way fail."""
        with self._lock:
            self._closed = True
            connections, self._open, self._idle = self._open, set(), []
        for connection in connections:
            connection.close()

    def _take(self) -> ConnectionInterface:
        """The one that was used last, if the server has not closed it since; else a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    connection = self._connect()
                    self._open.add(connection)
                    return connection
                connection = self._idle.pop()
            if not connection.has_expired():
                return connection
            with self._lock:
                self._open.discard(connection)
            connection.close()


class Lease:
    """A connection while its answer is read; `close` gives it back."""

    def __init__(self, pool: Pool, connection: ConnectionInterface, response: Response) -> None:
        self.response = response
        self._pool = pool
        self._connection: ConnectionInterface | None = connection

    def close(self) -> None:
        """Let go of the connection. Closing twice does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                self.response.close()
            finally:
                self._pool.take_back(connection)
