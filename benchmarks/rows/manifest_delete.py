"""DELETE of one manifest in a repository of many tags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import request
from benchmarks.content import Repository, repository
from benchmarks.measurement import Row, alternate, quicker, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.push import push_versions
from benchmarks.scale import Scale


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Milliseconds of one DELETE by digest of every registry, another manifest each time."""
    crowd = repository("library/crowded", scale.crowded_tags)
    with running([peer for peer in peers if peer.is_registry], folder) as servers:
        for server in servers:
            push_versions(server.port, crowd, scale.clients)
        (elapsed,) = alternate(servers, scale.samples, lambda server, turn: (_delete(server, crowd, turn),))
    work = f"DELETE of one manifest in a repository of {scale.crowded_tags} tags"
    return [Row("manifest-delete", work, "ms", elapsed, (quicker(elapsed, "distribution v3", 20),))]


def _delete(server: Server, crowd: Repository, turn: int) -> float:
    doomed = crowd.versions[len(crowd.versions) // 2 + turn]
    path = f"/v2/{crowd.name}/manifests/{doomed.digest}"
    with server.connect() as connection:
        elapsed = seconds(lambda: connection.send(request("DELETE", path), 202))
        connection.send(request("HEAD", path), 404)
    return elapsed * 1000
