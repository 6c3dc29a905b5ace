"""What whoever runs a registry sees of it: health checks, the debug address, and what is counted for its metrics."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from jettison.http.application import Application
from jettison.http.traffic import Traffic
from jettison.metadata.timed import TimedDatabase
from jettison.registry.registry import Registry
from jettison.server import checks, debug
from jettison.server.debug import DebugServer, Page
from jettison.server.health import Health
from jettison.server.replica import replica
from jettison.server.schema import schema_checks
from jettison.settings import Settings

if TYPE_CHECKING:
    from jettison.server.metrics import Notices


class Watch:
    """Watches a registry as ``settings`` say. Nothing is counted that nobody can ask for.

    Work with its ``registry``, whose database is measured where metrics are on, and give its ``traffic`` to the
    application.
    """

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self._settings = settings
        self._open = ExitStack()
        self._database: TimedDatabase | None = None
        self.traffic: Traffic | None = None
        self.registry = registry
        if settings.http.debug.addr is not None and settings.http.debug.prometheus.enabled:
            self._database = TimedDatabase(registry.database)
            self.traffic = Traffic()
            self.registry = replace(registry, database=self._database)

    def begin(self, application: Application, notices: Notices | None = None) -> None:
        """Make the health checks, tell ``application`` of them, and answer on the debug address, if there is one.

        ``notices`` is what there is to say of notifications, in the metrics. Raises ServeError if the debug address
        cannot be had.
        """

        def tell(unwell: bool) -> None:
            application.unwell = unwell

        made = [*checks.configured(self._settings, self.registry), *schema_checks(self.registry)]
        health = Health(made, tell)
        self._open.callback(health.close)
        address = self._settings.http.debug.addr
        if address is not None:
            pages = {debug.HEALTH: lambda: debug.health_page(health), **self._metrics(notices)}
            self._open.enter_context(DebugServer(address, pages))

    def _metrics(self, notices: Notices | None) -> dict[str, Callable[[], Page]]:
        if self._database is None or self.traffic is None:
            return {}
        # Imported only where it is used: it costs a part of every start.
        from jettison.server.metrics import Metrics  # noqa: PLC0415

        metrics = Metrics(self.registry, self.traffic, self._database, notices, replica(self._settings))
        return {self._settings.http.debug.prometheus.path: metrics.page}

    def close(self) -> None:
        """End all of it."""
        self._open.close()
