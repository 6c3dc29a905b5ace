"""Blob PUT, durable: against the least that it can cost, and what it costs the server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.content import LargeFile
from benchmarks.measurement import Row, Series, alternate, higher, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.push import push_file
from benchmarks.scale import MIB, Scale

BASELINE = "one process that reads, hashes, writes and fsyncs"
REPOSITORY = "library/large"


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """MB per second and processor seconds of every registry and the baseline; in a turn, the same new bytes."""
    file = LargeFile(folder / "blob", scale.blob_bytes)
    registries = [peer for peer in peers if peer.is_registry]
    baseline: list[tuple[float, float]] = []

    def sample(server: Server, turn: int) -> tuple[float, float]:
        if turn == len(baseline):
            file.change()
            baseline.append(_baseline(file, folder / "copy"))
            os.sync()
        return _push(server, file)

    with running(registries, folder) as servers:
        speed, cost = alternate(servers, scale.samples, sample)
    speed += (Series(BASELINE, tuple(value[0] for value in baseline)),)
    cost += (Series(BASELINE, tuple(value[1] for value in baseline)),)
    work = f"blob PUT {scale.blob_bytes // MIB} MiB, durable"
    return [
        Row("blob-put", work, "MB/s", speed, (higher(speed, BASELINE, 0.9),)),
        Row("blob-put-cpu", f"{work}: server", "CPU s", cost),
    ]


def _push(server: Server, file: LargeFile) -> tuple[float, float]:
    before = server.process.cpu_seconds()
    elapsed = seconds(lambda: push_file(server.port, REPOSITORY, file))
    return file.size / elapsed / 1e6, server.process.cpu_seconds() - before


def _baseline(file: LargeFile, target: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.baseline", str(file.path), str(target)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True).stdout
    target.unlink()
    elapsed, spent = map(float, said.split())
    return file.size / elapsed / 1e6, spent
