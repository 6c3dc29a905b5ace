"""What is measured, by name. Each entry returns one row or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.measurement import Row
from benchmarks.peers.peer import Peer
from benchmarks.rows import (
    adopt,
    bearer,
    blob_get,
    blob_put,
    catalog,
    client_copy,
    client_delete,
    client_du,
    client_list,
    client_start,
    cluster,
    console,
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
    "bearer": bearer.measure,
    "client-start": client_start.measure,
    "client-list": client_list.measure,
    "client-delete": client_delete.measure,
    "client-du": client_du.measure,
    "client-copy": client_copy.measure,
    "cluster": cluster.measure,
    "console": console.measure,
}
