"""The door to the console, which is loaded when somebody first asks for a page."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

from jettison.http.edge import Edge
from jettison.http.request import Request
from jettison.http.response import Response

ROOT = "/console/"
HOME = "/"
"""The first page, for browsers. Others who ask for it get a few plain lines."""

Answer = Callable[[Request], Awaitable[Response]]


def asks_for_page(request: Request) -> bool:
    """Whether whoever asks for HOME is a browser, which takes HTML; what only looks whether we are there does not."""
    return request.method in ("GET", "HEAD") and "text/html" in (request.header(b"accept") or "")


class Console:
    """Answers what is asked below ROOT, and HOME.

    What makes pages is imported once, in a thread, and costs those nothing who never look.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._loading: asyncio.Future[Answer] | None = None

    async def answer(self, request: Request) -> Response:
        """The response. Raises what :mod:`jettison.http.errors` has no page for."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._edge.run(self._load))
        answer = await asyncio.shield(self._loading)
        return await answer(request)

    def _load(self) -> Answer:
        from jettison.http.console.application import Application  # noqa: PLC0415

        application = Application()
        gc.freeze()  # what was loaded stays, as what was there at the start: see server/serving.py
        return application
