"""The door to the JSON API, which is loaded when somebody first asks for it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

from jettison.http.edge import Edge
from jettison.http.request import Request
from jettison.http.response import Response

ROOT = "/api/"

Answer = Callable[[Request], Awaitable[Response]]


class Management:
    """Answers what is asked below ROOT.

    What describes and checks it takes half a second to import: that is done once, in a thread, and costs those nothing
    who never ask.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._loading: asyncio.Future[Answer] | None = None

    async def answer(self, request: Request) -> Response:
        """The response. Raises what :mod:`jettison.http.errors` has a status for."""
        if self._loading is None:
            self._loading = asyncio.ensure_future(self._edge.run(self._load))
        answer = await asyncio.shield(self._loading)
        return await answer(request)

    def _load(self) -> Answer:
        from jettison.http.manage.application import Application  # noqa: PLC0415

        application = Application(self._edge)
        gc.freeze()  # what was loaded stays, as what was there at the start: see server/serving.py
        return application
