"""A registry as it is, for commands that run beside its server: nothing of it is made, and its folder not locked."""

from __future__ import annotations

from pathlib import Path

from jettison.blobs.store import Blobs, BlobsError, Key
from jettison.metadata.database import Database
from jettison.metadata.present import require_registry, some_keys
from jettison.oci.errors import RegistryError
from jettison.registry import adoption
from jettison.registry.registry import Registry
from jettison.server.bucket import place
from jettison.server.errors import ServeError
from jettison.server.folder import refuse_network_filesystem
from jettison.server.notifying import events
from jettison.server.registry import DATABASE, connect, open_blobs, rules
from jettison.settings import Settings

_SQLITE = b"SQLite format 3\0"
_LOOKED_AT = 10
_FIX = (
    "name the configuration file that its server uses, or set storage.filesystem.rootdirectory"
    " (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)"
)


def open_existing(settings: Settings) -> Registry:
    """The registry that ``settings`` describe, whether it is being served or not.

    Raises ServeError, with what to do, where there is none, or the folder and the database are not those of one.
    """
    folder = settings.storage.folder
    if folder is not None:
        _require_folder(folder, sqlite=settings.jettison.database.url is None)
    try:
        database, dialect = connect(settings)
        try:
            require_registry(database, dialect)
            blobs = open_blobs(settings)
            _require_bytes(database, blobs, _where(settings))
            registry = Registry(database, blobs, rules(settings), events=events(settings))
            _require_adopted(registry, _where(settings))
            return registry
        except BaseException:
            database.close()
            raise
    except (RegistryError, BlobsError) as error:
        raise ServeError(str(error)) from error
    except OSError as error:
        raise _unreadable(Path(error.filename or folder or ""), error) from error


def _where(settings: Settings) -> str:
    s3, folder = settings.storage.s3, settings.storage.folder
    return place(s3) if s3 is not None else str(folder and folder.absolute())


def _require_adopted(registry: Registry, where: str) -> None:
    """What is not adopted yet would look as if nobody needed it."""
    if adoption.is_unfinished(registry):
        raise ServeError(
            f"the adoption of {adoption.TREE} in {where} was interrupted: `jettison adopt` goes on with it, and"
            " so does the server at its start"
        )


def _require_folder(root: Path, *, sqlite: bool) -> None:
    if sqlite:
        _require_sqlite(root)
    if not (root / "blobs").is_dir():
        raise ServeError(f"{root.absolute()} is not the data folder of a registry, it has no folder blobs: {_FIX}")


def _require_sqlite(root: Path) -> None:
    refuse_network_filesystem(root)
    try:
        with (root / DATABASE).open("rb") as file:
            found = file.read(len(_SQLITE))
    except FileNotFoundError:
        raise ServeError(f"there is no registry in {root.absolute()}, it has no {DATABASE}: {_FIX}") from None
    except OSError as error:
        raise _unreadable(root / DATABASE, error) from error
    if found != _SQLITE:
        raise ServeError(f"{root.absolute() / DATABASE} is not an SQLite database: {_FIX}")


def _unreadable(path: Path, error: OSError) -> ServeError:
    return ServeError(f"{path.absolute()} cannot be used ({error.strerror}): run this as the user of the server")


def _require_bytes(database: Database, blobs: Blobs, where: str) -> None:
    """Refuse bytes that are not those of the database: a sweep of others would forget what it must delete."""
    keys = some_keys(database, _LOOKED_AT)
    if keys and all(blobs.size(Key(key)) is None for key in keys):
        raise ServeError(
            f"{where} has none of the bytes that the database names first: name the configuration file that its server"
            " uses, or bring its bytes back"
        )
