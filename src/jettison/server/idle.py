"""Connections on which nothing moves, ended: the server itself never ends a silent one that could be of HTTP/2."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import structlog

from jettison.server.periodic import Periodic

STILL_SECONDS = 900.0
"""How long nothing moves, either way, on a connection that is ended. No request takes so long without a byte."""
LOOK_SECONDS = 60.0

_FILES = Path("/proc/self/fd")
_ESTABLISHED = 1
# linux/tcp.h, struct tcp_info: the state comes first, and milliseconds since data was last sent and last received.
_INFO = struct.Struct("=B43xI4xI")
_log = structlog.get_logger("jettison.server")


class Idle:
    """While it is entered, with ``watch``, ends connections of ``listening`` on which nothing has moved for ``still``
    seconds. A context manager.
    """

    def __init__(self, listening: socket.socket, *, watch: bool, still: float = STILL_SECONDS) -> None:
        self._port = listening.getsockname()[1] if watch and listening.family != socket.AF_UNIX else None
        self._still = still * 1000
        self._open = ExitStack()

    def __enter__(self) -> Self:
        if self._port is not None:
            self._open.callback(Periodic("idle-connections", LOOK_SECONDS, self.end).stop)
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def end(self) -> None:
        """End those that there are now."""
        ended = sum(self._end(int(file.name)) for file in _FILES.iterdir())
        if ended:
            _log.info("idle connections ended", connections=ended)

    def _end(self, number: int) -> bool:
        with ExitStack() as opened:
            try:
                # A duplicate stays what it is, whatever becomes of the number meanwhile.
                duplicate = os.dup(number)
                opened.callback(os.close, duplicate)
                if not stat.S_ISSOCK(os.fstat(duplicate).st_mode):
                    return False
                connection = socket.socket(fileno=duplicate)
                opened.callback(connection.detach)
                if not self._is_still(connection):
                    return False
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it was closed meanwhile, by us or by the client
                return False
        return True

    def _is_still(self, connection: socket.socket) -> bool:
        if connection.family not in {socket.AF_INET, socket.AF_INET6} or connection.type != socket.SOCK_STREAM:
            return False
        if connection.getsockname()[1] != self._port:
            return False
        state, sent, received = _INFO.unpack(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size))
        return bool(state == _ESTABLISHED and min(sent, received) > self._still)
