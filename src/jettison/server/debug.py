"""The debug address: health and metrics for whoever watches, apart from clients and in a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import structlog

from jettison.server.health import Health
from jettison.server.port import bind
from jettison.settings import Address

HEALTH = "/debug/health"
SECONDS = 10.0
"""How long a connection may take to say what it wants."""

_POLL_SECONDS = 0.1
_TEXT = "text/plain; charset=utf-8"
_log = structlog.get_logger("jettison.debug")


@dataclass(frozen=True, slots=True)
class Page:
    """What a path of the debug address answers."""

    status: int
    media_type: str
    body: bytes


def health_page(health: Health) -> Page:
    """As distribution's: the checks that fail, as JSON, and 503; or an empty object and 200."""
    failures = health.failures
    return Page(503 if failures else 200, "application/json", json.dumps(failures).encode())


class DebugServer:
    """Answers GET and HEAD of ``pages``, by their paths, on ``address`` until :meth:`close`. A context manager.

    Raises ServeError if the address cannot be had.
    """

    def __init__(self, address: Address, pages: Mapping[str, Callable[[], Page]]) -> None:
        bound = bind(address, "http.debug.addr")
        self.address = Address(address.host, bound.getsockname()[1])
        self._server = _Server(pages)
        self._server.socket.close()
        self._server.socket = bound
        self._server.server_activate()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="debug", daemon=True
        )
        self._thread.start()
        _log.info("listening", address=str(self.address), paths=" ".join(pages))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the address."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, pages: Mapping[str, Callable[[], Page]]) -> None:
        super().__init__(("", 0), _Handler, bind_and_activate=False)
        self.pages = pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or worse: said in the log, where its own way would print."""
        _log.warning("a request failed", client=client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SECONDS

    def version_string(self) -> str:
        return "jettison"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        page = self.server.pages.get(path)
        answer = page() if page is not None else self._nothing(path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _nothing(self, path: str) -> Page:
        there = " and ".join(self.server.pages)
        if path.startswith(("/debug/vars", "/debug/pprof")):
            said = f"this tells of a Go program's inside, and Jettison is none; there is {there} here\n"
        elif path == "/metrics":
            said = f"metrics are off: http.debug.prometheus.enabled turns them on; there is {there} here\n"
        else:
            said = f"there is {there} here\n"
        return Page(404, _TEXT, said.encode())

    def log_message(self, format: str, *values: Any) -> None:
        """Whoever watches asks all day: that is no news."""
        _log.debug(format % values)
