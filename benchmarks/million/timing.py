"""Times of the same work in two registries, taken in turn."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from benchmarks.million.site import Site

Work = Callable[[], object]
AT_A_TIME = 10
"""Pieces of work in one registry before it is the other's turn."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds: the median, and what 99 of 100 do not exceed, of so many."""

    p50: float
    p99: float
    number: int

    @classmethod
    def of(cls, taken: Sequence[float]) -> Times:
        """Of these, in seconds."""
        ordered = sorted(taken)
        p50, p99 = (1000 * ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
        return cls(p50, p99, len(ordered))


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that is asked of a registry: ``work`` yields what is timed; what it does between is not.

    ``first`` pieces are done before: for them, more of what is needed has to come from the disk.
    """

    name: str
    words: str
    work: Callable[[Site], Iterator[Work]]
    number: int
    first: int

    def once(self) -> Operation:
        """The same, to see that it works."""
        return replace(self, number=1, first=0)


def measure(operation: Operation, sites: Sequence[Site]) -> list[tuple[Times | None, Times]]:
    """For each site the times of the first pieces, where there are some, and of those after."""
    works = [operation.work(site) for site in sites]
    first = _alternate(works, operation.first)
    after = _alternate(works, operation.number)
    for work in works:
        work.close()  # type: ignore[attr-defined]
    return [(Times.of(early) if early else None, Times.of(late)) for early, late in zip(first, after, strict=True)]


def _alternate(works: Sequence[Iterator[Work]], number: int) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in works]
    gc.collect()
    while len(taken[-1]) < number:
        for times, work in zip(taken, works, strict=True):
            times.extend(_seconds(piece) for piece in islice(work, min(AT_A_TIME, number - len(times))))
    return taken


def _seconds(work: Work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
