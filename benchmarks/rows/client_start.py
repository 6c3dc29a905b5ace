"""Starting a client that has nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measurement import JETTISON, Goal, Row, Series
from benchmarks.peers.peer import Peer
from benchmarks.rows.client_programs import alone_seconds, installed
from benchmarks.scale import Scale

BOUND = 250
TIMES = 5


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Milliseconds until the version is said."""
    del peers, folder
    series = tuple(
        Series(name, tuple(alone_seconds(name) * 1000 for _ in range(scale.samples * TIMES))) for name in installed()
    )
    ours = next(each.median for each in series if each.peer == JETTISON)
    goal = Goal(f"under {BOUND} ms", ours, BOUND, at_most=True, unit=" ms")
    return [Row("client-start", "a client says its version", "ms", series, (goal,))]
