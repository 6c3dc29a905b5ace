"""How often somebody may ask: each has a bucket of requests that is filled at an even rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from jettison.oci.errors import TooManyRequests

MOST = 100_000
"""Subjects that are remembered. Beyond, those are forgotten who have asked for nothing lately, if need be others."""

_LOOKED_AT = 16


class Rates:
    """Lets each subject send ``rate`` requests a second, and ``burst`` at once. For any thread.

    With ``shared`` other processes answer too: what this one lets through is kept until :meth:`taken`, and what they
    do comes by :meth:`learn`.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic, *, shared: bool = False
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        # When the bucket of each is full again: that says all of it. The one who asked least recently comes first.
        self._full_at: dict[str, float] = {}
        self._shared = shared
        self._taken: dict[str, float] = {}

    def check(self, subject: str) -> None:
        """Take one request of the subject's. Raises TooManyRequests, which says how long to wait for the next."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(subject, now), now) + 1 / self._rate
            excess = full_at - now - self._burst / self._rate
            if excess > 1e-9:
                # What is refused takes nothing: who goes on asking is served at the rate all the same.
                self._full_at[subject] = full_at - 1 / self._rate
                raise TooManyRequests(
                    f"more than {self._rate:g} requests a second: wait, then go on (jettison.limits.requests)",
                    seconds=max(1, -int(-excess // 1)),
                )
            self._full_at[subject] = full_at
            if self._shared:
                self._taken[subject] = self._taken.get(subject, 0) + 1 / self._rate
            if len(self._full_at) > MOST:
                self._forget(now)

    def taken(self) -> dict[str, float]:
        """What each has sent since this was last called: the seconds that its requests take up at the rate."""
        with self._lock:
            taken, self._taken = self._taken, {}
            return taken

    def learn(self, full_in: Mapping[str, float]) -> None:
        """Know of each when its bucket is full again, in seconds from now, all processes' requests being counted."""
        with self._lock:
            now = self._clock()
            for subject, seconds in full_in.items():
                if subject in self._full_at:
                    self._full_at[subject] = max(self._full_at[subject], now + seconds)

    def _forget(self, now: float) -> None:
        first: Iterator[tuple[str, float]] = islice(self._full_at.items(), _LOOKED_AT)
        known = list(first)
        for subject in [subject for subject, full_at in known if full_at <= now] or [known[0][0]]:
            del self._full_at[subject]
