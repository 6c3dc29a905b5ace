"""Passwords are looked at in threads of their own: no other request waits for them, and not too many wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from jettison.oci.errors import TooManyRequests, Unauthorized
from jettison.registry import attempts
from jettison.registry.access import Caller
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry

THREADS: Final = 8
MOST: Final = 200
"""Sign-ins that may wait for a thread."""


class SigningIn:
    """Runs sign-ins, and counts those that fail, so that whoever guesses waits."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._threads = ThreadPoolExecutor(THREADS, "sign-in")
        self._waiting = 0

    async def run(self, origin: Origin, name: str, look: Callable[[], Caller], known: Callable[[], bool]) -> Caller:
        """What ``look`` returns, if ``name`` need not wait at that address; ``known`` says whether somebody has it.

        Raises TooManyRequests, and what ``look`` raises.
        """
        if self._waiting >= MOST:
            raise TooManyRequests("too many sign-ins are waiting: try again in a moment", seconds=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: self._look(origin, name, look, known)
            )
        finally:
            self._waiting -= 1

    def _look(self, origin: Origin, name: str, look: Callable[[], Caller], known: Callable[[], bool]) -> Caller:
        attempts.check(self._registry, origin, name)
        try:
            caller = look()
        except Unauthorized:
            attempts.failed(self._registry, origin, name, known=known())
            raise
        attempts.succeeded(self._registry, origin, name, caller)
        return caller

    def close(self) -> None:
        """Let go of the threads; nobody signs in any more."""
        self._threads.shutdown(cancel_futures=True)
