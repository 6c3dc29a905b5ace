"""How much of everything a run does."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Scale:
    """The sizes of one run. `FULL` is what the page reports; `QUICK` only shows that every row works."""

    samples: int
    repositories: int
    tags: int
    seconds: int
    blob_bytes: int
    clients: int
    catalog: int
    crowded_tags: int
    doomed_tags: int
    busy_tags: int
    transfers: int
    requests: int
    kept: int
    garbage: int
    readers: int
    crowd: int
    crowd_tags: int


FULL = Scale(
    samples=5,
    repositories=200,
    tags=20,
    seconds=5,
    blob_bytes=1024 * MIB,
    clients=8,
    catalog=2_000,
    crowded_tags=5_000,
    doomed_tags=10_000,
    busy_tags=50_000,
    transfers=64,
    requests=40,
    kept=2_000,
    garbage=20,
    readers=2,
    crowd=100_000,
    crowd_tags=10_000,
)

QUICK = Scale(
    samples=2,
    repositories=20,
    tags=5,
    seconds=1,
    blob_bytes=64 * MIB,
    clients=8,
    catalog=100,
    crowded_tags=200,
    doomed_tags=300,
    busy_tags=500,
    transfers=16,
    requests=5,
    kept=50,
    garbage=5,
    readers=2,
    crowd=2_000,
    crowd_tags=300,
)
