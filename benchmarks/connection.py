"""A keep-alive HTTP/1.1 connection that costs its client little: requests are bytes, downloads are discarded."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

TIMEOUT_SECONDS = 600.0
_PIECE = 1 << 20
_HEAD_LIMIT = 1 << 16


class Refused(Exception):
    """A server answered otherwise than the work expects."""


class Disconnected(Exception):
    """A server closed the connection in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: status, the head's bytes, and the body."""

    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the header `name` (in lower case), or None."""
        return _header(self.head, name)


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one request, its body included."""
    return _head(method, path, len(body), headers) + body


class Connection:
    """One connection to 127.0.0.1. Every method raises Refused where the status is not among the expected."""

    def __init__(self, port: int, timeout: float = TIMEOUT_SECONDS) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def send(self, message: bytes, *expected: int) -> Response:
        """Send a request made by `request` and read the whole answer."""
        self._socket.sendall(message)
        return self._receive(message, expected)

    def send_file(self, method: str, path: str, source: Path, *expected: int) -> Response:
        """Send a request whose body is the file `source`, from the kernel's page cache."""
        headers = {"Content-Type": "application/octet-stream"}
        with source.open("rb") as body:
            head = _head(method, path, os.fstat(body.fileno()).st_size, headers)
            self._socket.sendall(head)
            self._socket.sendfile(body)
        return self._receive(head, expected)

    def discard(self, path: str) -> int:
        """GET `path` and drop its body inside the kernel. Returns the number of bytes of the body."""
        message = request("GET", path)
        self._socket.sendall(message)
        response, rest = self._receive_head()
        _expect(message, response, (200,))
        size = int(response.header("content-length") or -1)
        if size < 0:
            raise Refused(f"GET {path} was answered without a Content-Length")
        left = size - len(rest)
        scratch = bytearray(_PIECE)
        while left:
            # MSG_TRUNC on a TCP socket drops the bytes instead of copying them.
            received = self._socket.recv_into(scratch, min(left, _PIECE), socket.MSG_TRUNC)
            if not received:
                raise Disconnected(f"GET {path} ended {left} bytes early")
            left -= received
        return size

    def _receive(self, message: bytes, expected: tuple[int, ...]) -> Response:
        response, rest = self._receive_head()
        body = b"" if message.startswith(b"HEAD ") else self._receive_body(response, rest)
        response = Response(response.status, response.head, body)
        _expect(message, response, expected)
        return response

    def _receive_head(self) -> tuple[Response, bytes]:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            piece = self._socket.recv(_HEAD_LIMIT)
            if not piece or len(received) > _HEAD_LIMIT:
                raise Disconnected(f"no head of an answer in {received[:200]!r}")
            received += piece
        return Response(int(received[9:12]), received[: end + 2], b""), received[end + 4 :]

    def _receive_body(self, response: Response, rest: bytes) -> bytes:
        if (length := response.header("content-length")) is not None:
            return self._fill(rest, int(length))
        if response.header("transfer-encoding") == "chunked":
            return self._receive_chunks(rest)
        return rest

    def _receive_chunks(self, rest: bytes) -> bytes:
        body = bytearray()
        while True:
            while (end := rest.find(b"\r\n")) < 0:
                rest = self._fill(rest, len(rest) + 1)
            size = int(rest[:end], 16)
            rest = self._fill(rest[end + 2 :], size + 2)
            if not size:
                return bytes(body)
            body += rest[:size]
            rest = rest[size + 2 :]

    def _fill(self, start: bytes, size: int) -> bytes:
        if len(start) >= size:
            return start
        received = bytearray(start)
        while len(received) < size:
            piece = self._socket.recv(_PIECE)
            if not piece:
                raise Disconnected(f"an answer ended {size - len(received)} bytes early")
            received += piece
        return bytes(received)


def _head(method: str, path: str, length: int, headers: Mapping[str, str] | None) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if length or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _header(head: bytes, name: str) -> str | None:
    start = head.lower().find(b"\r\n" + name.encode() + b":")
    if start < 0:
        return None
    end = head.find(b"\r\n", start + 2)
    return head[start + len(name) + 3 : end].decode().strip()


def _expect(message: bytes, response: Response, expected: tuple[int, ...]) -> None:
    if response.status not in expected:
        line = message.split(b"\r\n", 1)[0].decode()
        raise Refused(f"{line} was answered {response.status}, not {expected}: {response.body[:500]!r}")
