"""The requests that each may send, counted together with the other processes that are this registry."""

from __future__ import annotations

import time
from collections.abc import Callable

from jettison.http.rates import Rates
from jettison.registry import rates
from jettison.registry.registry import Registry
from jettison.server.periodic import Periodic

SECONDS = 1.0
"""How often they tell each other: within it, each lets through what it alone would."""

TIDY_EVERY = 60
"""Turns between two looks for rows that say nothing any more."""


class SharedRates:
    """Tells what ``limited`` lets through to the other processes on ``registry``'s database, until :meth:`stop`.

    A database in the data folder has one process, which tells nobody.
    """

    def __init__(self, registry: Registry, limited: Rates | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = registry
        self._limited = limited
        self._clock = clock
        self._told_at = clock()
        self._turns = 0
        self._periodic: Periodic | None = None
        if limited is not None and not registry.database.inline:
            self._periodic = Periodic("share-rates", SECONDS, self.turn)

    def stop(self) -> None:
        """Tell nothing more."""
        if self._periodic is not None:
            self._periodic.stop()

    def turn(self) -> None:
        """Tell, and learn. Raises Unavailable: what was to be told is lost then, as all requests of that time are."""
        now = self._clock()
        since, self._told_at = self._told_at, now
        if self._limited is not None and (taken := self._limited.taken()):
            self._limited.learn(rates.share(self._registry, taken, now - since))
        self._turns += 1
        if self._turns % TIDY_EVERY == 0:
            rates.tidy(self._registry)
