"""Responses: a status, headers and a body, sent as ASGI messages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jettison.http.request import Send

Headers = list[tuple[bytes, bytes]]
JSON_TYPE = "application/json"


@dataclass(slots=True)
class Response:
    """A whole response. ``length`` is the body's, where it is not sent (HEAD)."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    length: int | None = None

    @property
    def sends(self) -> int:
        """Bytes of the body."""
        return len(self.body)

    async def send(self, send: Send, common: Sequence[tuple[bytes, bytes]]) -> None:
        """Send it with the headers ``common`` to all responses; its own come after and win."""
        headers = [*common, *self.headers]
        if self.status not in (204, 304):
            length = len(self.body) if self.length is None else self.length
            headers.append((b"content-length", b"%d" % length))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_response(status: int, value: Any, headers: Headers | None = None, *, media_type: str = JSON_TYPE) -> Response:
    """A JSON body, in UTF-8. ``headers`` must not say what it is: clients read the first Content-Type they meet."""
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(status, [(b"content-type", media_type.encode()), *(headers or [])], body)
