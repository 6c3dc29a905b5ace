"""What every handler has at hand: the registry, the settings of the edge, and threads for what may block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from jettison.http.response import Headers
from jettison.registry.registry import Registry

T = TypeVar("T")
THREADS = 24


@dataclass(frozen=True, slots=True)
class Edge:
    """``base`` goes before every path in Location and Link: empty, or the origin that http.host names.

    No header of a request is ever used for it: a hostile Host must not send a client elsewhere.
    """

    registry: Registry
    base: str = ""
    headers: Headers = field(default_factory=list)
    access_log: bool = True
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "jettison"))

    async def run(self, work: Callable[[], T]) -> T:
        """Run what may block (writes, files, hashing) in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def read(self, work: Callable[[], T]) -> T:
        """Run a short read of the database: at once where it is embedded, else in a thread."""
        return work() if self.registry.database.inline else await self.run(work)

    def url(self, path: str) -> bytes:
        """The URL to give to clients for one of our paths."""
        return (self.base + path).encode("ascii")
