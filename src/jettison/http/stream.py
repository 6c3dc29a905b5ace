"""Sending a blob: a whole one as a file, by the server itself; a part in pieces that are read in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jettison.blobs.store import BytesMissing, Key
from jettison.http.edge import Edge
from jettison.http.ranges import Span
from jettison.http.request import Body, Send
from jettison.http.response import Headers
from jettison.registry.points import reach
from jettison.registry.pull import note_missing

SMALL = 64 * 1024
"""Blobs up to this size, configs above all, are read at once: opening a file elsewhere costs more than their bytes."""


@dataclass(slots=True)
class Stream:
    """A response whose body is a part of a blob of ``size`` bytes."""

    status: int
    headers: Headers
    key: Key
    span: Span
    size: int
    started: bool = False

    @property
    def sends(self) -> int:
        """Bytes of the body."""
        return self.span.length

    async def send(self, edge: Edge, body: Body, send: Send, common: Sequence[tuple[bytes, bytes]]) -> None:
        """Send it, and stop reading when the client has gone. Raises BytesMissing, before anything was sent if it can.

        That they are missing is recorded.
        """
        try:
            await self._send(edge, body, send, common)
        except BytesMissing as error:
            await edge.run(lambda: note_missing(edge.registry, self.key))
            # Where they should lie is for the log, not for clients.
            raise BytesMissing(
                "the bytes of this blob are missing here, or cut short: push it again, or bring them back from a backup"
            ) from error

    async def _send(self, edge: Edge, body: Body, send: Send, common: Sequence[tuple[bytes, bytes]]) -> None:
        headers = [*common, *self.headers, (b"content-length", b"%d" % self.span.length)]
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        path = edge.registry.blobs.path(self.key) if self.span.length == self.size > SMALL else None
        if path is not None:
            await edge.run(lambda: self._check(edge, path))
            self.started = True
            await send(start)
            await send({"type": "http.response.pathsend", "path": str(path)})
            return
        pieces = await edge.run(lambda: self._open(edge))
        try:
            piece = await edge.run(lambda: next(pieces, b""))
            self.started = True
            await send(start)
            await self._send_all(edge, body, send, pieces, piece)
        finally:
            pieces.close()

    def _check(self, edge: Edge, path: Path) -> None:
        """The server would answer for a missing file in words of its own, and cut off at the end of a short one."""
        reach("pull.open")
        found = edge.registry.blobs.size(self.key)
        if found != self.size:
            raise BytesMissing(f"{path} has {found} of {self.size} bytes")

    def _open(self, edge: Edge) -> Generator[bytes, None, None]:
        reach("pull.open")
        return edge.registry.blobs.read(self.key, self.span.start, self.span.stop)

    async def _send_all(self, edge: Edge, body: Body, send: Send, pieces: Iterator[bytes], piece: bytes) -> None:
        left = self.span.length - len(piece)
        if not left:
            await send({"type": "http.response.body", "body": piece})
            return
        # A send to a client that has gone returns as if nothing had happened: only receiving tells.
        gone = asyncio.ensure_future(body.gone())
        try:
            while piece and not gone.done():
                await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
                piece = await edge.run(lambda: next(pieces, b"")) if left > 0 else b""
                left -= len(piece)
        finally:
            gone.cancel()
