"""What becomes of a tree of CNCF distribution in the data folder: adopted before anything is served, or by a verb."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from jettison.blobs.store import BlobsError
from jettison.migrate.adopt import Adopted, adopt
from jettison.migrate.tree import Tree
from jettison.oci.errors import RegistryError
from jettison.registry import adoption
from jettison.registry.finding import Progress, Tell
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339
from jettison.server.errors import ServeError
from jettison.server.folder import locked, refuse_network_filesystem
from jettison.server.registry import open_registry
from jettison.settings import Settings

_EVERY = 2.0
"""Seconds between two lines that say how far it is."""

_log = structlog.get_logger("jettison.adopt")


def adopt_at_start(registry: Registry, root: Path) -> None:
    """Adopt a tree in ``root`` if the database has never held anything else, or has begun to; say what is to be said.

    Raises ServeError for what this user may not read, and where a tree that is adopted half is gone.
    """
    tree = Tree(root)
    if adoption.is_unfinished(registry) or (tree.exists() and adoption.is_due(registry)):
        _log.info("a tree of distribution is adopted where it lies, and served after that", tree=str(tree.folder))
        adopted = carry_out(registry, root, _lines())
        _log.info("adopted", **adopted.counts)
        for kind, count in adopted.findings.items():
            _log.warning("not as it should be", kind=kind, count=count, fix="`jettison adopt --report FILE` lists them")
    elif tree.exists():
        _warn(registry, tree)


def _warn(registry: Registry, tree: Tree) -> None:
    state = adoption.state(registry)
    if state is None:
        fix = "`jettison adopt` adopts it"
        _log.warning("a tree of distribution in the data folder is not served", tree=str(tree.folder), fix=fix)
    elif tree.newest() > state.newest:
        _log.warning(
            "the adopted tree looks written to: what another registry pushes there is not served, and what it deletes"
            " is missing",
            tree=str(tree.folder),
            newest=rfc3339(tree.newest()),
            adopted=rfc3339(state.started_at),
            fix="stop it and push again here; a copied folder looks the same",
        )


@contextmanager
def adopting(settings: Settings) -> Iterator[Registry]:
    """The registry that ``settings`` describe, made if there is none, with nobody else serving its data folder.

    Raises ServeError where there is neither a tree in it nor the record of one, or it cannot be opened.
    """
    root = Path(settings.storage.filesystem.rootdirectory)
    if not root.is_dir():
        raise ServeError(f"{root.absolute()} is not there: set storage.filesystem.rootdirectory to distribution's")
    with locked(root):
        if settings.jettison.database.url is None:
            refuse_network_filesystem(root)
        if not Tree(root).exists() and not (root / "blobs").is_dir():
            raise _no_tree(root)
        try:
            registry = open_registry(settings)
        except (RegistryError, BlobsError) as error:
            raise ServeError(str(error)) from error
        try:
            if not Tree(root).exists() and adoption.state(registry) is None:
                raise _no_tree(root)
            yield registry
        finally:
            registry.close()


def carry_out(registry: Registry, root: Path, tell: Tell) -> Adopted:
    """Adopt what is not adopted yet. Raises ServeError for what this user may not read, and where the tree is gone."""
    if adoption.is_unfinished(registry) and not Tree(root).exists():
        raise ServeError(
            f"{Tree(root).folder} is gone, and was not adopted to its end: bring it back, or begin anew with an empty"
            " database"
        )
    try:
        return adopt(registry, root, tell)
    except OSError as error:
        raise ServeError(
            f"{error.filename or root} cannot be read ({error.strerror}): let this user read all of the tree; what was"
            " adopted so far stays, and the next start goes on from there"
        ) from error


def _no_tree(root: Path) -> ServeError:
    return ServeError(
        f"{root.absolute()} has no tree of distribution, which would be {adoption.TREE} in it: set"
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
