"""What becomes of a tree of CNCF distribution where content lies: adopted before anything is served, or by a verb."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import structlog

from jettison.blobs.store import BlobsError
from jettison.metadata import moves
from jettison.migrate.adopt import Adopted, adopt
from jettison.migrate.folder_tree import FolderTree
from jettison.migrate.tree import Tree
from jettison.oci.errors import RegistryError
from jettison.registry import adoption
from jettison.registry.finding import Progress, Tell
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339
from jettison.server.bucket import bucket_of, place
from jettison.server.errors import ServeError
from jettison.server.folder import locked, refuse_network_filesystem
from jettison.server.registry import open_registry
from jettison.settings import Settings

_EVERY = 2.0
"""Seconds between two lines that say how far it is."""

_log = structlog.get_logger("jettison.adopt")


def tree_of(settings: Settings) -> Tree:
    """Where a tree of distribution would lie, by ``settings``: in the data folder, or in the bucket."""
    s3, folder = settings.storage.s3, settings.storage.folder
    if s3 is None:
        assert folder is not None, "settings name a data folder or a bucket"
        return FolderTree(folder)
    # Imported where it is used: boto3 costs a part of every start.
    from jettison.blobs.bucket_listing import BucketListing  # noqa: PLC0415
    from jettison.migrate.bucket_tree import BucketTree  # noqa: PLC0415

    return BucketTree(BucketListing(bucket_of(s3)))


def adopt_at_start(registry: Registry, where: Path | Tree) -> None:
    """Adopt the tree ``where``, which may be a data folder, if the database has never held anything else, or has begun
    to; say what is to be said, of moves too.

    Raises ServeError for what this user may not read, and where a tree that is adopted half is gone; HalfMoved.
    """
    tree = _tree(where)
    _look_for_moves(registry)
    if adoption.is_unfinished(registry) or (adoption.is_due(registry) and tree.exists()):
        _log.info("a tree of distribution is adopted where it lies, and served after that", tree=tree.place)
        adopted = carry_out(registry, tree, _lines())
        _log.info("adopted", **adopted.counts)
        for kind, count in adopted.findings.items():
            _log.warning("not as it should be", kind=kind, count=count, fix="`jettison adopt --report FILE` lists them")
    elif tree.exists():
        _warn(registry, tree)


def _look_for_moves(registry: Registry) -> None:
    """Refuse what has not come as a whole, and say where it is that has gone."""
    registry.database.read(moves.require_whole)
    went = registry.database.read(lambda tx: moves.find(tx, moves.SOURCE))
    if went is None or went.frozen_at is None:
        return
    if went.ended_at is None:
        what, fix = "this registry is being moved, and is read only", "finish it, or `jettison move --cancel`"
    else:
        what, fix = (
            "this registry has moved, and is read only here",
            "serve that one; `jettison move` can bring it back",
        )
    _log.warning(what, to=went.place, since=rfc3339(went.ended_at or went.frozen_at), fix=fix)


def _warn(registry: Registry, tree: Tree) -> None:
    state = adoption.state(registry)
    if state is None:
        fix = "`jettison adopt` adopts it"
        _log.warning("a tree of distribution in the data folder is not served", tree=tree.place, fix=fix)
        return
    newest = tree.glance()
    if newest > state.newest:
        _log.warning(
            "the adopted tree looks written to: what another registry pushes there is not served, and what it deletes"
            " is missing",
            tree=tree.place,
            newest=rfc3339(newest),
            adopted=rfc3339(state.started_at),
            fix="stop it and push again here; a copied folder looks the same",
        )


@contextmanager
def adopting(settings: Settings) -> Iterator[Registry]:
    """The registry that ``settings`` describe, made if there is none, with nobody else serving its data folder.

    Raises ServeError where there is neither a tree in it nor the record of one, or it cannot be opened.
    """
    folder = settings.storage.folder
    if folder is not None and not folder.is_dir():
        raise ServeError(f"{folder.absolute()} is not there: set storage.filesystem.rootdirectory to distribution's")
    with locked(folder) if folder is not None else nullcontext():
        if folder is not None and settings.jettison.database.url is None:
            refuse_network_filesystem(folder)
        try:
            tree = tree_of(settings)
            if folder is not None and not tree.exists() and not (folder / "blobs").is_dir():
                raise _no_tree(settings)
            registry = open_registry(settings)
        except (RegistryError, BlobsError) as error:
            raise ServeError(str(error)) from error
        try:
            registry.database.read(moves.require_whole)
            if adoption.state(registry) is None and not tree.exists():
                raise _no_tree(settings)
            yield registry
        finally:
            registry.close()


def carry_out(registry: Registry, where: Path | Tree, tell: Tell) -> Adopted:
    """Adopt what is not adopted yet. Raises ServeError for what this user may not read, and where the tree is gone."""
    tree = _tree(where)
    try:
        if adoption.is_unfinished(registry) and not tree.exists():
            raise ServeError(
                f"{tree.place} is gone, and was not adopted to its end: bring it back, or begin anew with an empty"
                " database"
            )
        return adopt(registry, tree, tell)
    except (OSError, BlobsError) as error:
        name, why = (error.filename, error.strerror) if isinstance(error, OSError) else (None, error)
        raise ServeError(
            f"{name or tree.place} cannot be read ({why}): let this user read all of the tree; what was"
            " adopted so far stays, and the next start goes on from there"
        ) from error


def _tree(where: Path | Tree) -> Tree:
    return FolderTree(where) if isinstance(where, Path) else where


def _no_tree(settings: Settings) -> ServeError:
    if settings.storage.s3 is not None:
        return ServeError(
            f"{place(settings.storage.s3)} has no tree of distribution, which would be {adoption.TREE} in it: set"
            " storage.s3.bucket and storage.s3.rootdirectory to what distribution had there"
        )
    assert settings.storage.folder is not None
    return ServeError(
        f"{settings.storage.folder.absolute()} has no tree of distribution, which would be {adoption.TREE} in it: set"
        " storage.filesystem.rootdirectory (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY) to what distribution had there"
    )


def _lines() -> Tell:
    """Tells a log how far it is, every so often."""
    said_at = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _EVERY:
            said_at = time.monotonic()
            # Of files nobody knows how many there are before the last one.
            of = {"of": progress.total} if progress.total > progress.done else {}
            _log.info("adopting", what=progress.part, done=progress.done, **of)

    return tell
