"""Push of many small repositories, by one client and by several."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.content import repositories
from benchmarks.measurement import Row, alternate, quicker, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.push import push
from benchmarks.scale import Scale


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of every registry; each sample pushes repositories that are new to it."""
    registries = [peer for peer in peers if peer.is_registry]
    rows: list[Row] = []
    with running(registries, folder) as servers:
        for clients in (1, scale.clients):

            def sample(server: Server, turn: int, clients: int = clients) -> tuple[float]:
                stock = repositories(f"by-{clients}/turn-{turn}", scale.repositories, scale.tags)
                return (seconds(lambda: push(server.port, stock, clients)),)

            (elapsed,) = alternate(servers, scale.samples, sample)
            who = "one client" if clients == 1 else f"{clients} clients"
            work = f"push of {scale.repositories} repositories x (2 blobs + {scale.tags} manifests) by {who}"
            rows.append(Row(f"push-{clients}", work, "s", elapsed, (quicker(elapsed, "distribution v3", 4),)))
    return rows
