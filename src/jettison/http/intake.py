"""Taking in the body of an upload: one piece is written and hashed in a thread while the next arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from jettison.http.edge import Edge
from jettison.http.request import Body, ClientGone
from jettison.registry.uploads import Incoming

T = TypeVar("T")
PIECE = 256 * 1024
"""Bytes to write at once, at least. The server hands over some 400 KiB at a time: more would be copied together."""


async def take_in(edge: Edge, body: Body, begin: Callable[[], Incoming], end: Callable[[Incoming], T]) -> T:
    """Append the whole body to what ``begin`` opens, then return what ``end`` makes of it.

    A body of one piece costs one turn of one thread. When the client goes away in the middle, what came is kept, so
    that it can go on there; ClientGone is raised.
    """
    piece = await body.gather(PIECE)
    if body.ended:
        return await edge.run(lambda: _at_once(begin, piece, end))
    incoming = await edge.run(begin)
    try:
        last = await _pour(edge, body, incoming, piece)
        return await edge.run(lambda: _finished(incoming, last, end))
    except ClientGone:
        await edge.run(incoming.pause)
        raise
    finally:
        await edge.run(incoming.close)


def _at_once(begin: Callable[[], Incoming], piece: bytes | bytearray, end: Callable[[Incoming], T]) -> T:
    incoming = begin()
    try:
        return _finished(incoming, piece, end)
    finally:
        incoming.close()


def _finished(incoming: Incoming, piece: bytes | bytearray, end: Callable[[Incoming], T]) -> T:
    if piece:
        incoming.append(piece)
    return end(incoming)


async def _pour(edge: Edge, body: Body, incoming: Incoming, piece: bytes | bytearray) -> bytes | bytearray:
    """Append all but the last piece, which is returned; one append at a time, in order."""
    loop = asyncio.get_running_loop()
    while not body.ended:
        writing = loop.run_in_executor(edge.threads, incoming.append, piece)
        try:
            piece = await body.gather(PIECE)
        finally:
            await writing
    return piece
