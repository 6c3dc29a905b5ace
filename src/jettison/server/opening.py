"""What is served by default: a registry, as the settings have it, behind its HTTP edge."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import BlobsError
from jettison.http.application import Application
from jettison.http.edge import Edge
from jettison.metadata.database import Database
from jettison.metadata.migrate import migrate
from jettison.oci.errors import RegistryError
from jettison.registry.registry import Registry, Rules
from jettison.server.errors import ServeError
from jettison.server.periodic import Periodic
from jettison.server.serving import Site
from jettison.settings import Settings

DATABASE = "jettison.db"
PULLS_SECONDS = 10.0
"""How old a time of a last pull may be before it is written; a crash forgets that much of them."""


def open_registry_site(settings: Settings) -> Site:
    """The registry of ``settings`` as a site. Raises ServeError if it cannot be opened."""
    try:
        registry = open_registry(settings)
    except (RegistryError, BlobsError) as error:
        raise ServeError(str(error)) from error
    edge = Edge(registry, _base(settings), _headers(settings), not settings.log.accesslog.disabled)
    pulls = Periodic("record-pulls", PULLS_SECONDS, lambda: registry.pulls.flush(registry.database))

    def close() -> None:
        pulls.stop()
        edge.threads.shutdown()
        registry.close()

    return Site(Application(edge), close)


def open_registry(settings: Settings) -> Registry:
    """The registry that ``settings`` describe. Raises Unavailable, NewerSchema, or Unsuitable for its data folder."""
    root = Path(settings.storage.filesystem.rootdirectory)
    root.mkdir(parents=True, exist_ok=True)
    database = open_database(settings, root)
    try:
        return Registry(database, FilesystemBlobs(root), rules(settings))
    except BaseException:
        database.close()
        raise


def open_database(settings: Settings, root: Path) -> Database:
    """SQLite in ``root``, or the PostgreSQL of ``jettison.database.url``, with this version's schema."""
    url = settings.jettison.database.url
    database: Database
    # Each driver is imported where it is used: the other one costs a tenth of a second of every start.
    if url is None:
        from jettison.metadata.sqlite import SQLiteDatabase  # noqa: PLC0415

        database, dialect = SQLiteDatabase(root / DATABASE), "sqlite"
    else:
        from jettison.metadata.postgres import PostgresDatabase  # noqa: PLC0415

        database, dialect = PostgresDatabase(str(url)), "postgres"
    try:
        migrate(database, dialect)
    except BaseException:
        database.close()
        raise
    return database


def rules(settings: Settings) -> Rules:
    """The rules that ``settings`` set."""
    own = settings.jettison
    return Rules(
        delete_enabled=settings.storage.delete.enabled,
        children_required=settings.validation.manifests.indexes.platforms == "all",
        blobs_required=own.validation.blobs == "all",
        manifest_limit=own.limits.manifest,
        tag_limit=own.limits.tags,
        catalog_limit=settings.catalog.maxentries,
        undo=_microseconds(own.deletions.undo),
        upload_lease=_microseconds(own.leases.upload),
        touch_lease=_microseconds(own.leases.touch),
    )


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _base(settings: Settings) -> str:
    """What goes before the paths in Location and Link."""
    return "" if settings.http.relativeurls or settings.http.host is None else settings.http.host


def _headers(settings: Settings) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, values in settings.http.headers.items()
        for value in values
    ]
