"""What is measured, by name. Each entry returns one row or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.measurement import Row
from benchmarks.peers.peer import Peer
from benchmarks.rows import (
    adopt,
    blob_get,
    blob_put,
    catalog,
    manifest_delete,
    manifest_get,
    memory,
    push_repositories,
    sweep,
    volume,
)
from benchmarks.scale import Scale

Measure = Callable[[Sequence[Peer], Scale, Path], list[Row]]

ROWS: Mapping[str, Measure] = {
    "manifest-get": manifest_get.measure,
    "blob-get": blob_get.measure,
    "blob-put": blob_put.measure,
    "push": push_repositories.measure,
    "catalog": catalog.measure,
    "manifest-delete": manifest_delete.measure,
    "volume": volume.measure,
    "sweep": sweep.measure,
    "memory": memory.measure,
    "adopt": adopt.measure,
}
