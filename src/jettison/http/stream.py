"""Sending a blob: pieces read in threads, one ahead of the one that is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from jettison.blobs.store import Key
from jettison.http.edge import Edge
from jettison.http.ranges import Span
from jettison.http.request import Body, Send
from jettison.http.response import Headers


@dataclass(slots=True)
class Stream:
    """A response whose body is a part of a blob."""

    status: int
    headers: Headers
    key: Key
    span: Span
    started: bool = False

    async def send(self, edge: Edge, body: Body, send: Send, common: Sequence[tuple[bytes, bytes]]) -> None:
        """Send it, and stop reading when the client has gone. Raises BytesMissing before anything was sent."""
        pieces = await edge.run(lambda: edge.registry.blobs.read(self.key, self.span.start, self.span.stop))
        headers = [*common, *self.headers, (b"content-length", b"%d" % self.span.length)]
        try:
            piece = await edge.run(lambda: next(pieces, b""))
            self.started = True
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if len(piece) == self.span.length:
                await send({"type": "http.response.body", "body": piece})
                return
            await self._send_all(edge, body, send, pieces, piece)
        finally:
            pieces.close()

    async def _send_all(self, edge: Edge, body: Body, send: Send, pieces: Iterator[bytes], piece: bytes) -> None:
        loop = asyncio.get_running_loop()
        # A send to a client that has gone returns as if nothing had happened: only receiving tells.
        gone = asyncio.ensure_future(body.gone())
        try:
            while piece and not gone.done():
                ahead = loop.run_in_executor(edge.threads, lambda: next(pieces, b""))
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                piece = await ahead
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
