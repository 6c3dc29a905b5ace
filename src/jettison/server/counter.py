"""The counting that a server does by itself, beside everything else: see :mod:`jettison.registry.counting`."""

from __future__ import annotations

import contextlib
import threading

from jettison.oci.errors import Unavailable
from jettison.registry.counting import Counting
from jettison.registry.registry import Registry
from jettison.server.periodic import Periodic

SECONDS = 2.0
"""How often it looks whether something changed, which is one short query."""


class Counter:
    """Counts in ``registry`` what changed, until :meth:`stop`."""

    def __init__(self, registry: Registry) -> None:
        self._stopping = threading.Event()
        self._counting = Counting(registry, self._rest)
        self._periodic = Periodic("count", SECONDS, self._turn)

    def stop(self) -> None:
        """End after the step that is being done, if any; what is left is counted later, by whoever comes first."""
        self._stopping.set()
        self._periodic.stop()
        with contextlib.suppress(Unavailable):
            self._counting.end()

    def _turn(self) -> None:
        with contextlib.suppress(_Stopped):
            self._counting.turn()

    def _rest(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped


class _Stopped(Exception):
    """The server ends."""
