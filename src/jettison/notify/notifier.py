"""All endpoints together: their deliverers, and how many events wait."""

from __future__ import annotations

import time
from collections.abc import Mapping

import structlog

from jettison.metadata import notifications
from jettison.notify.deliverer import Deliverer
from jettison.notify.tally import Tally
from jettison.registry.registry import Registry

_DROPPED_AT_ONCE = 1000

_log = structlog.get_logger("jettison.notify")


class Notifier:
    """Delivers the events of ``registry`` to its endpoints, each from a thread of its own, until :meth:`stop`.

    ``holder`` is this process's name, which no other has. What waits for endpoints other than those, and those of
    ``resting`` names (which are disabled for now), is dropped, and the log says so.
    """

    def __init__(self, registry: Registry, holder: str, resting: tuple[str, ...] = ()) -> None:
        self._registry = registry
        endpoints = registry.events.endpoints
        self._names = [*(each.name for each in endpoints), *resting]
        self._drop_others()
        self._deliverers = {each.name: Deliverer(registry.database, each, holder) for each in endpoints}
        for deliverer in self._deliverers.values():
            registry.events.when_queued(deliverer.wake)
            deliverer.start()

    def queue_lengths(self) -> dict[str, int]:
        """How many events wait, by endpoint: of each that is configured, or has some waiting. Raises Unavailable."""
        waiting = self._registry.database.read(notifications.lengths)
        return dict.fromkeys(self._names, 0) | waiting

    def tallies(self) -> Mapping[str, Tally]:
        """What became of the tries of this process, by endpoint."""
        return {name: deliverer.tally for name, deliverer in self._deliverers.items()}

    def stop(self, seconds: float = 1.0) -> None:
        """End, with what waits left in the queue; after ``seconds`` also where a try is still being made."""
        for deliverer in self._deliverers.values():
            deliverer.stop()
        ends = time.monotonic() + seconds
        for deliverer in self._deliverers.values():
            deliverer.join(max(0.0, ends - time.monotonic()))

    def _drop_others(self) -> None:
        lengths = self._registry.database.read(notifications.lengths)
        for name in sorted(lengths.keys() - set(self._names)):
            _log.warning(
                "events of an endpoint that is configured no more are dropped", endpoint=name, events=lengths[name]
            )
        if lengths.keys() - set(self._names):
            while self._registry.database.write(
                lambda tx: notifications.drop_others(tx, self._names, _DROPPED_AT_ONCE)
            ):
                pass
