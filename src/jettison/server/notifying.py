"""What a server does about events beside its requests: it delivers them, to the endpoints that settings name."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

from jettison.oci.errors import RegistryError
from jettison.registry.endpoint import Endpoint
from jettison.registry.event import Source
from jettison.registry.events import Events
from jettison.registry.registry import Registry
from jettison.registry.sweep import holder_name
from jettison.server.periodic import Periodic
from jettison.settings import Address, Settings

if TYPE_CHECKING:
    from jettison.notify.notifier import Notifier
    from jettison.notify.tally import Tally
    from jettison.settings.models.notifications import Endpoint as ConfiguredEndpoint

PULLS_SECONDS = 0.2
"""How often pulls are queued; a crash forgets that much of them."""

_log = structlog.get_logger("jettison.notify")


def events(settings: Settings) -> Events:
    """What tells the endpoints of ``settings``, those that are not disabled."""
    return Events(
        [_endpoint(each) for each in settings.notifications.endpoints if not each.disabled],
        Source(_address(settings), str(uuid.uuid4())),
        includes_references=settings.notifications.events.includereferences,
    )


class Notifying:
    """Delivers the events of ``registry`` until :meth:`stop`. Where it has no endpoint, nothing runs."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self._registry = registry
        self._notifier: Notifier | None = None
        if not registry.events.endpoints:
            return
        # Imported only here: the HTTP client costs a tenth of a second of every start.
        from jettison.notify.notifier import Notifier  # noqa: PLC0415

        resting = tuple(each.name for each in settings.notifications.endpoints if each.disabled)
        # A folder has one server: after a crash, the next one need not wait for what that has left.
        holder = "server" if registry.database.inline else holder_name()
        self._notifier = Notifier(registry, holder, resting)
        self._pulls = Periodic("queue-pulls", PULLS_SECONDS, self._flush)

    def queue_lengths(self) -> dict[str, int]:
        """How many events wait, by endpoint. Raises Unavailable."""
        return {} if self._notifier is None else self._notifier.queue_lengths()

    def tallies(self) -> Mapping[str, Tally]:
        """What became of what this server has sent, by endpoint."""
        return {} if self._notifier is None else self._notifier.tallies()

    def stop(self) -> None:
        """End soon; what waits stays in the queue, for the next start or another server."""
        if self._notifier is not None:
            self._pulls.stop()
            try:
                self._flush()
            except RegistryError as error:
                _log.warning("the last pulls are not told of", error=error.message)
            self._notifier.stop()

    def _flush(self) -> None:
        untold = self._registry.events.flush(self._registry.database)
        if untold:
            _log.warning("pulls were not told of: the database took no writes for too long", pulls=untold)


def _endpoint(configured: ConfiguredEndpoint) -> Endpoint:
    return Endpoint(
        name=configured.name,
        url=str(configured.url),
        headers=tuple((name, value) for name, values in configured.headers.items() for value in values),
        timeout=configured.timeout.total_seconds(),
        threshold=configured.threshold,
        backoff=configured.backoff.total_seconds(),
        ignored_media_types=frozenset({*configured.ignoredmediatypes, *configured.ignore.mediatypes}),
        ignored_actions=frozenset(configured.ignore.actions),
    )


def _address(settings: Settings) -> str:
    """The machine's name, with the port that is listened on, as distribution says it."""
    name, address = os.uname().nodename, settings.http.addr
    return f"{name}:{address.port}" if isinstance(address, Address) else name
