"""HTTP by hand, for what no well-behaved client sends."""

from __future__ import annotations

import select
import socket
import struct
from dataclasses import dataclass
from http.client import HTTPResponse, IncompleteRead
from typing import Self

SECONDS = 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value, of repeated ones the first; None if it is not there."""
        return next((value for key, value in self.headers if key == name), None)


class Connection:
    """A TCP connection to ``address`` (host, port). Nothing on it takes longer than SECONDS. A context manager."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        """Put bytes on the wire as they are."""
        self._socket.sendall(content)

    def ask(self, method: str, target: str | bytes, *headers: str, body: bytes | None = None) -> Answer:
        """Send a request and read its answer. ``target`` is not escaped; the length of a ``body`` is told."""
        length = [] if body is None else [f"Content-Length: {len(body)}"]
        self.send(head(method, target, *headers, *length) + (body or b""))
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """Read one answer, to a request of that method. Raises IncompleteRead for a body that is cut short."""
        answer, missing = self.cut_answer(method)
        if missing is not None:
            raise missing
        return answer

    def cut_answer(self, method: str = "GET") -> tuple[Answer, IncompleteRead | None]:
        """Read one answer with as much of its body as comes, and what is missing of it."""
        response = HTTPResponse(self._socket, method=method)
        response.begin()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        try:
            return Answer(response.status, headers, response.read()), None
        except IncompleteRead as error:
            return Answer(response.status, headers, error.partial), error

    def answered(self, seconds: float = 0) -> bool:
        """Whether something has come back, or the server has ended the connection, within that time."""
        return bool(select.select([self._socket], [], [], seconds)[0])

    def take(self, size: int) -> bytes:
        """Read that many bytes, or what there is before the end."""
        taken = b""
        while len(taken) < size and (piece := self._socket.recv(min(size - len(taken), 65536))):
            taken += piece
        return taken

    def take_until(self, mark: bytes, times: int) -> list[bytes]:
        """Read until ``mark`` has come that many times; what came before each."""
        taken = b""
        while taken.count(mark) < times and (piece := self._socket.recv(65536)):
            taken += piece
        return taken.split(mark)[:times]

    def drain(self) -> bytes:
        """Read until the server ends the connection."""
        return b"".join(iter(lambda: self.take(65536), b""))

    def ended(self) -> bool:
        """Whether the server ends the connection, saying nothing more."""
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def end_sending(self) -> None:
        """Say that nothing more comes; answers can still be read."""
        self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Go away at once, as a killed client does."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


def head(method: str, target: str | bytes, *headers: str) -> bytes:
    """The head of a request. A Host comes first, unless one is among the ``headers``."""
    lines = list(headers)
    if not any(line.lower().startswith("host:") for line in lines):
        lines.insert(0, "Host: registry.test")
    raw = target if isinstance(target, bytes) else target.encode("latin-1")
    fields = "".join(f"{line}\r\n" for line in lines).encode("latin-1")
    return method.encode("latin-1") + b" " + raw + b" HTTP/1.1\r\n" + fields + b"\r\n"


def chunked(*pieces: bytes) -> bytes:
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*pieces, b""))
