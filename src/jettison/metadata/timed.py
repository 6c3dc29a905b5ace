"""A database whose time is measured, for whoever watches the registry."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from jettison.metadata.database import NO_LOCK, Database, Lock, Transaction

T = TypeVar("T")

BOUNDS = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
"""Seconds."""

SAMPLE = 16
"""Of so many reads one is measured: measuring each would cost a manifest GET a twentieth of its time."""


class Times:
    """How long transactions of one kind took, the waiting for their turn among it. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._took = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def note(self, seconds: float) -> None:
        """One has ended, well or not."""
        at = bisect_left(BOUNDS, seconds)
        with self._lock:
            self._took[at] += 1
            self._seconds += seconds

    def read(self) -> tuple[list[int], float]:
        """How many took at most each of BOUNDS and more than the one before, and more than all; and seconds in all."""
        with self._lock:
            return self._took[:], self._seconds


class TimedDatabase:
    """Another database, see :class:`.database.Database`, with all ``writes`` and a sample of ``reads`` measured."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = 0
        self.inline = database.inline
        self.reads = Times()
        self.writes = Times()

    def read(self, work: Callable[[Transaction], T], *, snapshot: bool = False) -> T:
        # Threads that count at once may lose one another's: which reads are measured is no matter.
        self._turn = turn = self._turn + 1
        if turn % SAMPLE:
            return self._database.read(work, snapshot=snapshot)
        began = perf_counter()
        try:
            return self._database.read(work, snapshot=snapshot)
        finally:
            self.reads.note(perf_counter() - began)

    def write(self, work: Callable[[Transaction], T], lock: Lock = NO_LOCK, *, durable: bool = True) -> T:
        began = perf_counter()
        try:
            return self._database.write(work, lock, durable=durable)
        finally:
            self.writes.note(perf_counter() - began)

    def close(self) -> None:
        self._database.close()
