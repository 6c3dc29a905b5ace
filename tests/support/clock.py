"""A clock that stands still until a test moves it."""

from __future__ import annotations


class Clock:
    """Microseconds since 1970, as the databases take their time from; ``advance`` takes seconds."""

    def __init__(self, now: int = 1_700_000_000_000_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> int:
        """Let time pass; the new time."""
        self.now += round(seconds * 1_000_000)
        return self.now
