"""When to try again: at once after a few failures, later after many."""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Counts failures in a row. From ``threshold`` of them on, tries are ``backoff`` seconds apart."""

    def __init__(self, threshold: int, backoff: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._threshold = threshold
        self._backoff = backoff
        self._clock = clock
        self._last = 0.0
        self.failures = 0

    @property
    def is_open(self) -> bool:
        """Whether tries have to wait."""
        return self.failures >= self._threshold

    def pause(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self._last + self._backoff - self._clock()) if self.is_open else 0.0

    def failed(self) -> None:
        """A try has failed."""
        self.failures += 1
        self._last = self._clock()

    def succeeded(self) -> None:
        """A try has not failed."""
        self.failures = 0
