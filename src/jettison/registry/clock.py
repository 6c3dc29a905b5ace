"""The database's time, by which all rows are, without asking the database each time."""

from __future__ import annotations

import time
from collections.abc import Callable

from jettison.registry.registry import MICROSECONDS, Registry


class Clock:
    """The time of ``registry``'s database, as it was when :meth:`compare` last asked, and has gone on since.

    What one process writes and another reads without the database between them, a token above all, goes by this time:
    the machines' own may differ. For any thread.
    """

    def __init__(
        self, registry: Registry, own: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._own = own
        self._steady = steady
        self._began = own() - steady()

    def compare(self) -> None:
        """Ask the database. Raises Unavailable, and goes on as before."""
        before = self._steady()
        now = self._registry.database.read(lambda tx: tx.now)
        self._began = now / MICROSECONDS - (before + self._steady()) / 2

    def now(self) -> float:
        """The time in seconds since 1970."""
        return self._steady() + self._began

    @property
    def ahead(self) -> float:
        """Seconds by which this machine's own clock is ahead; below 0 where it is behind."""
        return self._own() - self.now()
