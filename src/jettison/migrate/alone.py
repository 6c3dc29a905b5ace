"""One move at a time: a lease at the source, extended for as long as the process lives."""

from __future__ import annotations

import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator

from jettison.metadata import leases
from jettison.oci.errors import RegistryError, Unavailable
from jettison.registry.registry import MICROSECONDS, Registry

NAME = "move"
LEASE = 10 * MICROSECONDS
PATIENCE = 15.0
"""Seconds to wait for the lease of a process that was killed to end."""


class AtWork(RegistryError):
    """Somebody else moves this registry now."""

    code = "UNSUPPORTED"


@contextlib.contextmanager
def alone(registry: Registry) -> Iterator[None]:
    """Hold the lease. Raises AtWork where another process has it and goes on having it."""
    holder = f"{os.getpid()}-{uuid.uuid4().hex}"
    ended = threading.Event()

    def take() -> bool:
        return registry.database.write(lambda tx: leases.take(tx, NAME, holder, LEASE), durable=False)

    def go_on() -> None:
        while not ended.wait(LEASE / 4 / MICROSECONDS):
            with contextlib.suppress(Unavailable):
                take()

    patience = time.monotonic() + PATIENCE
    while not take():
        if time.monotonic() > patience:
            raise AtWork("another `jettison move` is at work on the source: wait for it to end, or stop it")
        time.sleep(0.2)
    thread = threading.Thread(target=go_on, name="move-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        with contextlib.suppress(Unavailable):
            registry.database.write(lambda tx: leases.release(tx, NAME, holder), durable=False)
