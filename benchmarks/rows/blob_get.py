"""Blob GET: one large blob, one at a time and several at once; the speed, and what it costs the server."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.content import LargeFile
from benchmarks.measurement import Row, alternate, higher, no_dearer, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.scale import MIB, Scale

REPOSITORY = "library/large"
# "The speed of distribution v3": medians of five differ by a few hundredths between two runs of one program.
SAME = 0.95


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """MB per second and processor seconds of every peer, for one transfer and for several at once."""
    file = LargeFile(folder / "blob", scale.blob_bytes)
    path = f"/v2/{REPOSITORY}/blobs/{file.digest}"
    rows: list[Row] = []
    with running(peers, folder) as servers:
        for server in servers:
            server.fill_file(REPOSITORY, file)
            _download(server, path, 1)
        for clients in (1, scale.clients):

            def sample(server: Server, turn: int, clients: int = clients) -> tuple[float, float]:
                return _download(server, path, clients)

            speed, cost = alternate(servers, scale.samples, sample)
            work = f"blob GET {scale.blob_bytes // MIB} MiB, {clients} at a time"
            fast = higher(speed, "distribution v3", SAME)
            cheap = no_dearer(cost, "distribution v3", 2)
            rows.append(Row(f"blob-get-{clients}", work, "MB/s", speed, (fast,)))
            rows.append(Row(f"blob-get-{clients}-cpu", f"{work}: server", "CPU s", cost, (cheap,)))
    return rows


def _download(server: Server, path: str, clients: int) -> tuple[float, float]:
    received: list[int] = []

    def download(_: int) -> None:
        with server.connect() as connection:
            received.append(connection.discard(path))

    before = server.process.cpu_seconds()
    with ThreadPoolExecutor(clients) as pool:
        elapsed = seconds(lambda: list(pool.map(download, range(clients))))
    return sum(received) / elapsed / 1e6, server.process.cpu_seconds() - before
