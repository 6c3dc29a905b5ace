"""Work that comes back every few seconds, in a thread of its own, beside everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

_log = structlog.get_logger("jettison.server")


class Periodic:
    """Calls ``work`` every ``seconds`` until :meth:`stop`. A failure is logged, and the next turn comes as usual."""

    def __init__(self, name: str, seconds: float, work: Callable[[], None]) -> None:
        self._name = name
        self._seconds = seconds
        self._work = work
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Return when no call is running and none will come."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self._seconds):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - one bad turn must not end all later ones
                _log.warning("periodic work failed", work=self._name, error=str(error))
