"""What is served by default: a registry, as the settings have it, behind its HTTP edge."""

from __future__ import annotations

from jettison.blobs.store import BlobsError
from jettison.http.application import Application
from jettison.http.edge import Edge
from jettison.oci.errors import RegistryError
from jettison.registry.registry import Registry
from jettison.registry.sweep import finish_leftovers
from jettison.server.adopting import adopt_at_start, tree_of
from jettison.server.clocks import Clocks
from jettison.server.counter import Counter
from jettison.server.door import Doorway
from jettison.server.errors import ServeError
from jettison.server.limits import limits, proxies
from jettison.server.notifying import Notifying
from jettison.server.periodic import Periodic
from jettison.server.rates import SharedRates
from jettison.server.redirecting import redirects
from jettison.server.registry import open_registry
from jettison.server.replica import replica
from jettison.server.serving import Site
from jettison.server.sweeper import Sweeper
from jettison.server.watch import Watch
from jettison.settings import Settings

PULLS_SECONDS = 10.0
"""How old a time of a last pull may be before it is written; a crash forgets that much of them."""


def open_registry_site(settings: Settings) -> Site:
    """The registry of ``settings`` as a site. Raises ServeError if it cannot be opened."""
    try:
        opened = open_registry(settings)
        adopt_at_start(opened, tree_of(settings))
        finish_leftovers(opened)
    except (RegistryError, BlobsError) as error:
        raise ServeError(str(error)) from error
    watch = Watch(settings, opened)
    registry = watch.registry
    clocks = Clocks(registry)
    doorway = _doorway(settings, registry, clocks)
    prefix = settings.http.prefix
    edge = Edge(
        registry,
        _base(settings),
        _headers(settings),
        not settings.log.accesslog.disabled,
        prefix=prefix,
        proxies=proxies(settings),
        limits=limits(settings),
        door=doorway.door,
        redirects=redirects(settings, registry, clocks.clock),
    )
    pulls = Periodic("record-pulls", PULLS_SECONDS, lambda: registry.pulls.flush(registry.database))
    sweeper = Sweeper(registry, settings.jettison.sweep.interval)
    counter = Counter(registry)
    rates = SharedRates(registry, edge.limits.rates)
    notifying = Notifying(registry, settings)
    application = Application(edge, traffic=watch.traffic)

    def close() -> None:
        watch.close()
        sweeper.stop()
        counter.stop()
        rates.stop()
        pulls.stop()
        notifying.stop()
        doorway.close()
        clocks.stop()
        edge.threads.shutdown()
        registry.close()

    try:
        watch.begin(application, notifying)
    except BaseException:
        close()
        raise
    return Site(application, close)


def _doorway(settings: Settings, registry: Registry, clocks: Clocks) -> Doorway:
    try:
        return Doorway(settings, registry, clocks.clock)
    except BaseException as error:
        clocks.stop()
        registry.close()
        if isinstance(error, RegistryError):
            raise ServeError(str(error)) from error
        raise


def _base(settings: Settings) -> str:
    """What goes before the paths in Location and Link."""
    return settings.http.host or ""


def _headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    """What every answer carries: the configured headers, and the replica's name where there are several."""
    configured = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, values in settings.http.headers.items()
        for value in values
    ]
    name = replica(settings)
    return configured if name is None else [*configured, (b"x-jettison-replica", name.encode("ascii"))]
