"""What every handler has at hand: the registry, the settings of the edge, and threads for what may block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from jettison.http.limits import Limits
from jettison.http.proxies import NONE, Proxies
from jettison.http.redirects import Redirects
from jettison.http.response import Headers
from jettison.registry.registry import Registry

if TYPE_CHECKING:
    from jettison.http.door.door import Door

T = TypeVar("T")
THREADS = 24

ALIVE = ("/", "/healthz")
"""What is asked by those who only want to know whether anybody is there."""


@dataclass(frozen=True, slots=True)
class Edge:
    """``prefix`` is the path that everything lies beneath: empty, or with a slash before it and none after it.

    ``base`` goes before every path in Location and Link instead of it: empty, or the URL that http.host names.
    No header of a request is ever used for it: a hostile Host must not send a client elsewhere.
    """

    registry: Registry
    base: str = ""
    prefix: str = field(default="", kw_only=True)
    headers: Headers = field(default_factory=list)
    access_log: bool = True
    proxies: Proxies = field(default=NONE, kw_only=True)
    limits: Limits = field(default_factory=Limits, kw_only=True)
    door: Door | None = field(default=None, kw_only=True)
    redirects: Redirects | None = field(default=None, kw_only=True)
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "jettison"))

    async def run(self, work: Callable[[], T]) -> T:
        """Run what may block (writes, files, hashing) in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def read(self, work: Callable[[], T]) -> T:
        """Run a short read of the database: at once where it is embedded, else in a thread."""
        return work() if self.registry.database.inline else await self.run(work)

    def url(self, path: str) -> bytes:
        """The URL to give to clients for one of our paths."""
        return f"{self.base or self.prefix}{path}".encode("ascii")

    def beneath(self, path: str) -> str | None:
        """What of a request's path our own paths begin with; None for one that is not beneath the prefix.

        ALIVE are answered with and without it.
        """
        if not self.prefix or path in ALIVE:
            return path
        return path.removeprefix(self.prefix) if path.startswith(f"{self.prefix}/") else None
