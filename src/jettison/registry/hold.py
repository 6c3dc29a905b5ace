"""Holding back the sweep, for whoever takes bytes that rows of one moment name: a backup, an export."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from jettison.metadata import leases
from jettison.metadata.database import Transaction
from jettison.oci.errors import Unavailable
from jettison.registry.registry import Registry
from jettison.registry.sweep import LEASE, LEASE_NAME, holder_name

PATIENCE = 600.0
"""Seconds to wait for a sweep that is at work."""


class Hold:
    """The sweep's lease, extended in a thread; whether it was held all the time is asked at the end."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._holder = holder_name()
        self._ended = threading.Event()
        self._until = 0
        self._lost = False
        self._thread = threading.Thread(target=self._go_on, name="hold-the-sweep", daemon=True)

    def begin(self) -> None:
        """Take it. Raises Unavailable while a sweep that does not end has it."""
        patience = time.monotonic() + PATIENCE
        while not self._extend():
            if time.monotonic() > patience:
                raise Unavailable("a sweep is at work and does not end: try again once GET /api/v1/sweep says it has")
            time.sleep(0.2)
        self._thread.start()

    def was_held(self) -> None:
        """Raise Unavailable unless nothing can have been swept since it was taken."""
        if self._lost or not self._extend():
            raise Unavailable("this was held up so long that a sweep ran beside it: begin it again")

    def end(self) -> None:
        """Give it back."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._registry.database.write(lambda tx: leases.release(tx, LEASE_NAME, self._holder), durable=False)

    def _go_on(self) -> None:
        while not self._lost and not self._ended.wait(LEASE / 4 / 1_000_000):
            try:
                self._lost = not self._extend()
            except Unavailable:
                continue  # it may answer again in time; if not, `until` tells

    def _extend(self) -> bool:
        def work(tx: Transaction) -> tuple[bool, int]:
            return leases.take(tx, LEASE_NAME, self._holder, LEASE), tx.now

        taken, now = self._registry.database.write(work, durable=False)
        # After its end somebody else may have had it and given it back.
        in_time = not self._until or now < self._until
        if taken and in_time:
            self._until = now + LEASE
        return taken and in_time


@contextlib.contextmanager
def no_sweep(registry: Registry) -> Iterator[Hold]:
    """Keep every sweep from running, so that no bytes go that a row has named. Raises Unavailable."""
    hold = Hold(registry)
    try:
        hold.begin()
        yield hold
    finally:
        hold.end()
