"""The sweep that a server does by itself, every so often, beside everything else."""

from __future__ import annotations

import threading
from datetime import timedelta

import structlog

from jettison.registry.registry import Registry
from jettison.registry.sweep import Swept, holder_name, sweep
from jettison.server.periodic import Periodic

_log = structlog.get_logger("jettison.sweep")


class Sweeper:
    """Sweeps ``registry`` every ``interval`` until :meth:`stop`, and logs what came back; never where that is 0."""

    def __init__(self, registry: Registry, interval: timedelta) -> None:
        self._registry = registry
        self._holder = holder_name()
        self._stopping = threading.Event()
        self._periodic = Periodic("sweep", interval.total_seconds(), self._sweep) if interval else None

    def stop(self) -> None:
        """End after the step that is being done, if any; what is left waits for the next sweep."""
        self._stopping.set()
        if self._periodic is not None:
            self._periodic.stop()

    def _sweep(self) -> None:
        try:
            swept = sweep(self._registry, self._holder, self._heed)
        except _Stopped as stopped:
            swept = stopped.swept
        if swept:
            _log.info(
                "swept",
                bytes=swept.bytes,
                files=swept.files,
                deletions=swept.deletions,
                links=swept.links,
                blobs=swept.blobs,
                uploads=swept.uploads,
            )

    def _heed(self, so_far: Swept) -> None:
        if self._stopping.is_set():
            raise _Stopped(so_far)


class _Stopped(Exception):
    """The server ends; ``swept`` is what was done until then."""

    def __init__(self, swept: Swept) -> None:
        super().__init__()
        self.swept = swept
