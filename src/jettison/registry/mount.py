"""Mounting: a repository gets a blob that another one has, without its bytes travelling."""

from __future__ import annotations

from collections.abc import Callable

from jettison.metadata import blobs, missing, repositories
from jettison.metadata.blobs import StoredBlob
from jettison.metadata.database import Lock, Transaction
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.points import reach
from jettison.registry.registry import Registry

SOURCES_TRIED = 100


def mount(
    registry: Registry,
    name: RepositoryName,
    digest: Digest,
    source: RepositoryName | None,
    may_pull: Callable[[str], bool],
    origin: Origin = NOBODY,
) -> bool:
    """Link the blob of ``source`` (None: of any repository) into ``name``; False where there is nothing to mount.

    A source that the caller may not pull from is as good as absent (OCI 1.1, "Mounting a blob from another
    repository"), so that the answer tells nothing of it.
    """

    def work(tx: Transaction) -> bool:
        found = _find(tx, digest, source, may_pull)
        if found is None:
            return False
        blob, owner = found
        repository = repositories.find_or_create(tx, name.value)
        blobs.link(tx, repository, blob.id, tx.now + registry.rules.touch_lease)
        missing.settle(tx, repository, [digest])
        registry.events.blob_mounted(tx, origin, name.value, owner, digest, blob.size)
        return True

    reach("mount.link")
    return registry.database.write(work, Lock.shared(name.value))


def _find(
    tx: Transaction, digest: Digest, source: RepositoryName | None, may_pull: Callable[[str], bool]
) -> tuple[StoredBlob, str] | None:
    """The blob, and the repository that it is mounted from."""
    if source is None:
        names = blobs.visible_somewhere(tx, digest, SOURCES_TRIED)
    else:
        names = [source.value]
    for name in names:
        if may_pull(name):
            found = blobs.find(tx, name, digest)
            # Whoever is told that damaged bytes are there does not bring them.
            if found is not None and not found.damage:
                return found, name
    return None
