"""Dying at a named point, for tests of what a crash leaves behind.

    JETTISON_FAILPOINT=upload.commit:2 jettison serve

ends with SIGKILL when it reaches that point (`points` says what one is) for the second time, as if by `kill -9` from
outside. Nothing is watched, and nothing costs anything, unless the variable is set.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping

from jettison.registry.points import watch

VARIABLE = "JETTISON_FAILPOINT"


def arm(environ: Mapping[str, str]) -> None:
    """Have this process die where the variable says. Raises ValueError for what is not ``point`` or ``point:times``."""
    text = environ.get(VARIABLE, "")
    if text:
        point, _, times = text.partition(":")
        watch(_Death(point, int(times or 1)).reached)


class _Death:
    """Comes when ``point`` is reached for the last of so many times, in whatever thread."""

    def __init__(self, point: str, times: int) -> None:
        self._point = point
        self._left = times
        self._lock = threading.Lock()

    def reached(self, point: str) -> None:
        """One point was reached."""
        if point != self._point:
            return
        with self._lock:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
