"""What is served by default: a registry, as the settings have it, behind its HTTP edge."""

from __future__ import annotations

from jettison.blobs.store import BlobsError
from jettison.http.application import Application
from jettison.http.edge import Edge
from jettison.oci.errors import RegistryError
from jettison.registry.sweep import finish_leftovers
from jettison.server.errors import ServeError
from jettison.server.periodic import Periodic
from jettison.server.registry import open_registry
from jettison.server.serving import Site
from jettison.server.sweeper import Sweeper
from jettison.settings import Settings

PULLS_SECONDS = 10.0
"""How old a time of a last pull may be before it is written; a crash forgets that much of them."""


def open_registry_site(settings: Settings) -> Site:
    """The registry of ``settings`` as a site. Raises ServeError if it cannot be opened."""
    try:
        registry = open_registry(settings)
        finish_leftovers(registry)
    except (RegistryError, BlobsError) as error:
        raise ServeError(str(error)) from error
    edge = Edge(registry, _base(settings), _headers(settings), not settings.log.accesslog.disabled)
    pulls = Periodic("record-pulls", PULLS_SECONDS, lambda: registry.pulls.flush(registry.database))
    sweeper = Sweeper(registry, settings.jettison.sweep.interval)

    def close() -> None:
        sweeper.stop()
        pulls.stop()
        edge.threads.shutdown()
        registry.close()

    return Site(Application(edge), close)


def _base(settings: Settings) -> str:
    """What goes before the paths in Location and Link."""
    return "" if settings.http.relativeurls or settings.http.host is None else settings.http.host


def _headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, values in settings.http.headers.items()
        for value in values
    ]
