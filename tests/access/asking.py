"""An ASGI application asked in this process, without a socket: fast enough to ask it everything."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.http.raw import Answer

Application = Callable[[Any, Any, Any], Awaitable[None]]
HOST = "registry.test"
LOOPBACK = ("127.0.0.1", 40000)


class Asking:
    """Asks ``application``, one request after the other, in an event loop of its own."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._runner = asyncio.Runner()

    def ask(
        self,
        method: str,
        target: str | bytes,
        *headers: tuple[str, str | bytes],
        body: bytes = b"",
        client: tuple[str, int] | None = LOOPBACK,
        scheme: str = "http",
        host: str = HOST,
    ) -> Answer:
        """The answer to a request that comes as from a server: header names in lower case, the body in one piece."""
        raw = target if isinstance(target, bytes) else target.encode("ascii")
        path, _, query = raw.partition(b"?")
        sent = [(b"host", host.encode()), *((name.lower().encode(), _bytes(value)) for name, value in headers)]
        if method not in ("GET", "HEAD"):
            sent.append((b"content-length", b"%d" % len(body)))
        scope = {
            "type": "http",
            "method": method,
            "http_version": "1.1",
            "scheme": scheme,
            "path": path.decode("latin-1"),
            "raw_path": path,
            "query_string": query,
            "headers": sent,
            "client": client,
            "server": ("127.0.0.1", 5000),
        }
        return self._runner.run(self._exchange(scope, body))

    def close(self) -> None:
        """End the event loop."""
        self._runner.close()

    async def _exchange(self, scope: dict[str, Any], body: bytes) -> Answer:
        pieces = [{"type": "http.request", "body": body, "more_body": False}]
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return pieces.pop() if pieces else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        await self._application(scope, receive, send)
        start, *rest = told
        content = b"".join(_content(message) for message in rest)
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
        return Answer(start["status"], headers, content)


def _content(message: dict[str, Any]) -> bytes:
    if message["type"] == "http.response.pathsend":
        return Path(message["path"]).read_bytes()
    content: bytes = message.get("body", b"")
    return content


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
