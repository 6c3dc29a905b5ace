"""Where a body ends: with its last byte where its length is known, else when the server says so."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from jettison.http.edge import Edge
from jettison.http.request import Body, ClientGone, Request, Stalled

PIECES = [b"one", b"two"]
EDGE = Edge(cast("Any", None))


class Server:
    """Hands over pieces, then the empty one, then says that the client went away; counts how often it was asked."""

    def __init__(self, *pieces: bytes, whole: bool = True) -> None:
        end = [{"type": "http.request", "body": b"", "more_body": False}] if whole else []
        self.messages = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces] + end
        self.asked = 0

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        self.asked += 1
        return self.messages.pop(0) if self.messages else {"type": "http.disconnect"}


def test_a_body_of_known_length_ends_with_its_last_byte() -> None:
    """The server is not asked again: that costs a turn of two threads."""
    server = Server(*PIECES)
    assert asyncio.run(Body(server.receive, 6).whole(100)) == b"onetwo"
    assert server.asked == 2


def test_a_body_of_no_bytes_is_not_asked_for() -> None:
    """A PUT that ends an upload has none."""
    server = Server()
    assert asyncio.run(Body(server.receive, 0).whole(100)) == b""
    assert server.asked == 0


def test_a_body_of_unknown_length_ends_when_the_server_says_so() -> None:
    """Chunks."""
    server = Server(*PIECES)
    assert asyncio.run(Body(server.receive).whole(100)) == b"onetwo"
    assert server.asked == 3


@pytest.mark.parametrize("length", [None, 7])
def test_a_body_that_is_cut_short_is_no_whole_body(length: int | None) -> None:
    """Whatever came of it."""
    server = Server(*PIECES, whole=False)
    with pytest.raises(ClientGone):
        asyncio.run(Body(server.receive, length).whole(100))


@pytest.mark.parametrize(
    ("version", "headers", "asked"),
    [
        ("1.1", [], 0),
        ("1", [], 0),
        ("1.1", [(b"content-length", b"0")], 0),
        ("1.1", [(b"content-length", b"6")], 2),
        ("1.1", [(b"transfer-encoding", b"chunked")], 3),
        ("2", [], 3),
    ],
)
def test_what_says_how_long_a_body_is(version: str, headers: list[tuple[bytes, bytes]], asked: int) -> None:
    """Its headers, and with HTTP/1 their absence (RFC 9112, 6.3)."""
    server = Server(*PIECES)
    scope = {"method": "PUT", "http_version": version, "headers": headers}
    asyncio.run(Request(EDGE, scope, server.receive).body.whole(100))
    assert server.asked == asked


class Stalling(Server):
    """Hands over pieces, then nothing, with the client still there."""

    async def receive(self) -> dict[str, Any]:
        """The next message, if there is one."""
        if not self.messages:
            self.asked += 1
            await asyncio.Event().wait()
        return await super().receive()


def test_a_body_that_brings_nothing_for_long_is_given_up() -> None:
    """At once when it is asked for again: whoever drains it need not wait that long once more."""
    server = Stalling(b"one", whole=False)
    body = Body(server.receive, 6, 0.05)

    async def read() -> None:
        assert await body.next() == b"one"
        for _ in range(3):
            with pytest.raises(Stalled):
                await body.next()
        assert not await body.drain(100)

    asyncio.run(read())
    assert server.asked == 2
    assert not body.broken, "the client is there"


def test_a_slow_body_is_waited_for() -> None:
    """It is silence that ends one, not how long all of it takes."""
    server = Server(*(b"x" for _ in range(8)))

    async def slowly() -> dict[str, Any]:
        await asyncio.sleep(0.04)
        return await server.receive()

    assert asyncio.run(Body(slowly, 8, 0.2).whole(100)) == b"x" * 8


def test_what_came_before_a_stall_is_handed_over() -> None:
    """So that it is kept."""
    body = Body(Stalling(b"one", b"two", whole=False).receive, 9, 0.05)
    assert asyncio.run(body.gather(100)) == b"onetwo"
    assert not body.ended
