"""Tokens that were verified, so that each request costs neither a signature's check nor the same question again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from jettison.registry.access import Action, Caller

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_ALLOWED: Final = 200
_OVERHEAD = 1024


@dataclass(slots=True)
class _Known:
    """Who showed a token, until when it is one, and what they were found to be allowed by it."""

    caller: Caller
    until: float
    allowed: set[tuple[Action, str]] = field(default_factory=set)


class Verified:
    """Who has shown which Authorization header, byte for byte, until its token ends; the oldest go first."""

    def __init__(self, most: int = MOST_BYTES, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._kept: dict[bytes, _Known] = {}
        self._bytes = 0

    def caller(self, header: bytes) -> Caller | None:
        """Who has shown it, or None if nobody did, or its token has ended."""
        found = self._kept.get(header)
        if found is None:
            return None
        if self._clock() <= found.until:
            return found.caller
        self._drop(header)
        return None

    def allowed(self, header: bytes, needs: Action, name: str) -> Caller | None:
        """Who has shown it, if they are known to be allowed that with the repository ``name``: see :meth:`allow`."""
        found = self._kept.get(header)
        if found is not None and (needs, name) in found.allowed and self._clock() <= found.until:
            return found.caller
        return None

    def allow(self, header: bytes, needs: Action, name: str) -> None:
        """Remember that this was asked and allowed: what a token is for does not change while it lives."""
        found = self._kept.get(header)
        if found is not None and len(found.allowed) < MOST_ALLOWED:
            found.allowed.add((needs, name))

    def keep(self, header: bytes, caller: Caller, until: float) -> None:
        """Remember it until then, in seconds since 1970."""
        if header in self._kept:
            self._drop(header)
        self._kept[header] = _Known(caller, until)
        self._bytes += len(header) + _OVERHEAD
        while self._bytes > self._most and self._kept:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget them all, because what they were verified by is not what it was."""
        self._kept, self._bytes = {}, 0

    def _drop(self, header: bytes) -> None:
        if self._kept.pop(header, None) is not None:
            self._bytes -= len(header) + _OVERHEAD
