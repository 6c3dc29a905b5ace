"""The clock of this machine beside the database's, compared every few seconds."""

from __future__ import annotations

import structlog

from jettison.oci.errors import Unavailable
from jettison.registry.clock import Clock
from jettison.registry.registry import Registry
from jettison.server.periodic import Periodic

SECONDS = 10.0
"""How often they are compared."""

FAR = 15.0
"""Seconds apart that are worth a line: the bucket and other servers go by the machines' own clocks."""

_log = structlog.get_logger("jettison.clock")


class Clocks:
    """Keeps ``clock`` at the time of ``registry``'s database until :meth:`stop`.

    A database in the data folder has this machine's time anyway.
    """

    def __init__(self, registry: Registry) -> None:
        self.clock = Clock(registry)
        self._far = False
        self._periodic: Periodic | None = None
        if not registry.database.inline:
            self._look()
            self._periodic = Periodic("compare-clocks", SECONDS, self._look)

    def stop(self) -> None:
        """Compare them no more."""
        if self._periodic is not None:
            self._periodic.stop()

    def _look(self) -> None:
        try:
            self.clock.compare()
        except Unavailable:
            return
        ahead = self.clock.ahead
        far = abs(ahead) > FAR
        if far and not self._far:
            _log.warning(
                "this machine's clock is not the database's",
                ahead_seconds=round(ahead, 1),
                fix="keep the time of all machines, with chrony or systemd-timesyncd",
            )
        elif self._far and not far:
            _log.info("this machine's clock agrees with the database's again")
        self._far = far
