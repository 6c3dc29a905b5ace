"""The catalog's first page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused, request
from benchmarks.content import repositories
from benchmarks.measurement import Row, alternate, quicker, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.scale import Scale

PAGE = 1000


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Milliseconds per request of every registry."""
    stock = repositories("catalog", scale.catalog, 1)
    with running([peer for peer in peers if peer.is_registry], folder) as servers:
        for server in servers:
            server.fill(stock)
            _check(server, scale.catalog)
        (elapsed,) = alternate(servers, scale.samples, lambda server, turn: (_ask(server, scale.requests),))
    work = f"`_catalog?n={PAGE}` of {scale.catalog} repositories"
    return [Row("catalog", work, "ms", elapsed, (quicker(elapsed, "distribution v3", 10),))]


def _ask(server: Server, times: int) -> float:
    message = request("GET", f"/v2/_catalog?n={PAGE}")
    with server.connect() as connection:
        return seconds(lambda: [connection.send(message, 200) for _ in range(times)]) / times * 1000


def _check(server: Server, count: int) -> None:
    listed = json.loads(server.get(f"/v2/_catalog?n={PAGE}"))["repositories"]
    if len(listed) != min(PAGE, count):
        raise Refused(f"{server.name} lists {len(listed)} repositories of {count} on a page of {PAGE}")
