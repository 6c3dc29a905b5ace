"""A server that answers whatever a test has it say: HTTP that is wrong, slow, or somebody else's."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, TypeAlias


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its path with the query, its headers by names in lower case, its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. A body that is neither bytes nor text is sent as JSON; `length` is what Content-Length claims."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None

    @property
    def content(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Raw: TypeAlias = Callable[[Callable[[bytes], None]], None]
"""Writes to the connection itself, with the function that it is given."""


class Liar:
    """Answers each request with what `answer` makes of it, on a free port of 127.0.0.1. A context manager.

    With `tls`, the files of a certificate and its key, it speaks https.
    """

    def __init__(self, answer: Callable[[Asked], Told | Raw], tls: tuple[Path, Path] | None = None) -> None:
        self.answer = answer
        self.requests: list[Asked] = []
        self.ending = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients hang up, as they should
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "http" if tls is None else "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """127.0.0.1:PORT."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        return f"{self._scheme}://{self.address}"

    def asked(self, name: str) -> list[str | None]:
        """The values of a header, one for each request."""
        return [each.headers.get(name) for each in self.requests]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # a head and its body go at once, not 40 ms apart

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, self.path, headers, body)
                liar.requests.append(asked)
                told = liar.answer(asked)
                if isinstance(told, Told):
                    self._tell(told)
                else:
                    self.close_connection = True
                    told(self._write)

            do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the names are the library's

            def _tell(self, told: Told) -> None:
                content = told.content
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content) if told.length is None else told.length))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)
                self.close_connection = told.length is not None

            def _write(self, piece: bytes) -> None:
                self.wfile.write(piece)
                self.wfile.flush()

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        return Handler
