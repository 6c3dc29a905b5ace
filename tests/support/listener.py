"""An endpoint for events: an HTTP server in this process that keeps what it is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """One request: its path, its headers as pairs with names in lower case, its body, and when it came (monotonic)."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Listener:
    """Answers 200 on a free port of 127.0.0.1 unless ``answer`` says otherwise. A context manager.

    ``answer`` gets each request and gives its status, and a Location if that is wanted. What is answered with 200 to
    399 and no Location has been accepted: its events are in :attr:`events`.
    """

    def __init__(self, answer: Callable[[Received], int | tuple[int, str]] = lambda _: 200, port: int = 0) -> None:
        self.answer = answer
        self.requests: list[Received] = []
        self.events: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Its port."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Where to post events."""
        return f"http://127.0.0.1:{self.port}/events"

    def wait_for(self, number: int, seconds: float = 20) -> list[dict[str, Any]]:
        """All events, once there are so many. Raises AssertionError when time is up."""
        ends = time.monotonic() + seconds
        while len(self.events) < number:
            told = list(self.events)
            assert time.monotonic() < ends, f"{len(told)} events in place of {number}: {told}"
            time.sleep(0.01)
        return list(self.events)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # a head and its body go at once, not 40 ms apart

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                pairs = tuple((name.lower(), value) for name, value in self.headers.items())
                received = Received(self.command, self.path, pairs, body)
                answer = listener.answer(received)
                status, location = (answer, "") if isinstance(answer, int) else answer
                listener.requests.append(received)
                if 200 <= status < 400 and not location and body:
                    listener.events.extend(json.loads(body)["events"])
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815 - the name is the library's

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        return Handler
