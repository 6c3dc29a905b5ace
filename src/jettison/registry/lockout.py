"""How long sign-ins that fail keep further ones waiting."""

from __future__ import annotations

from dataclasses import dataclass

_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Lockout:
    """Times are in microseconds. Where ``failures`` is 0, nothing is counted.

    An account may fail so many times from one address before it has to wait there: first for ``wait``, then twice as
    long after each failure, up to ``longest``. An address may fail ``address`` times in all, with whatever accounts.
    """

    failures: int = 5
    address: int = 30
    wait: int = _SECOND
    longest: int = 15 * 60 * _SECOND

    def after(self, failures: int, allowed: int) -> int:
        """How long to wait after so many failures, of which ``allowed`` cost nothing."""
        if failures < allowed:
            return 0
        # Beyond that it is longer than any wait.
        return min(self.wait << min(failures - allowed, 40), self.longest)
