"""The two registries of a move: the one that is there, and the place that it goes to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from jettison.blobs.store import BlobsError
from jettison.metadata import leases
from jettison.migrate.move import CannotMove, End
from jettison.oci.errors import RegistryError
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.server.bucket import bucket_of, place
from jettison.server.errors import ServeError
from jettison.server.existing import open_existing
from jettison.server.folder import locked, refuse_network_filesystem
from jettison.server.registry import open_registry
from jettison.settings import Settings


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a move; with ``same_bytes`` they have one storage."""

    source: End
    target: End
    same_bytes: bool


@contextmanager
def both(source: Settings, target: Settings) -> Iterator[Ends]:
    """Open both: the source may be served, the target is made if it is not there, and must not be.

    Raises ServeError, with what to do, where one of them cannot be opened or they are one and the same.
    """
    same_bytes = _same_bytes(source, target)
    folder = target.storage.folder
    try:
        with ExitStack() as opened:
            left = open_existing(source)
            opened.callback(left.close)
            # A server of the source holds its folder, which the target may share.
            opened.enter_context(locked(folder) if folder is not None and not same_bytes else nullcontext())
            if folder is not None and target.jettison.database.url is None:
                refuse_network_filesystem(folder)
            right = open_registry(target)
            opened.callback(right.close)
            if _same_rows(left, right):
                raise CannotMove(
                    "both configuration files name one database: make an empty one for the target (on the same server,"
                    " if you like), and drop the old one once all is well"
                )
            yield Ends(End(left, where(source)), End(right, where(target)), same_bytes)
    except BlobsError as error:
        raise ServeError(str(error)) from error


@contextmanager
def one(source: Settings) -> Iterator[End]:
    """Open the source alone. Raises ServeError."""
    registry = open_existing(source)
    try:
        yield End(registry, where(source))
    except RegistryError as error:
        raise ServeError(error.message) from error
    finally:
        registry.close()


def where(settings: Settings) -> str:
    """Where a registry is, for people and without any secret."""
    s3, folder, url = settings.storage.s3, settings.storage.folder, settings.jettison.database.url
    of_bytes = place(s3) if s3 is not None else f"folder {folder and folder.absolute()}"
    if url is None:
        return of_bytes
    parts = urlsplit(str(url))
    return f"PostgreSQL {parts.hostname or ''}{parts.path} and {of_bytes}"


def _same_bytes(source: Settings, target: Settings) -> bool:
    one, other = source.storage, target.storage
    if one.s3 is not None and other.s3 is not None:
        left, right = bucket_of(one.s3), bucket_of(other.s3)
        return (left.name, left.endpoint, left.prefix) == (right.name, right.endpoint, right.prefix)
    if one.folder is None or other.folder is None:
        return False
    return _same_folder(one.folder, other.folder)


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def _same_rows(left: Registry, right: Registry) -> bool:
    """Whether what is written to one database is read from the other, whatever the two are called."""
    name, holder = f"move/{uuid.uuid4().hex}", "probe"
    right.database.write(partial(leases.take, name=name, holder=holder, length=60 * MICROSECONDS))
    try:
        return left.database.read(partial(leases.is_held, name=name))
    finally:
        right.database.write(partial(leases.release, name=name, holder=holder))
