"""Reading: manifests and blobs as they were pushed."""

from __future__ import annotations

from jettison.metadata import blobs, manifests
from jettison.metadata.blobs import StoredBlob
from jettison.metadata.database import Transaction
from jettison.metadata.manifests import StoredManifest
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestUnknown
from jettison.oci.reference import Reference, RepositoryName
from jettison.registry.registry import Registry


def find_manifest(registry: Registry, name: RepositoryName, reference: Reference, *, content: bool) -> StoredManifest:
    """The manifest of that tag or digest; its bytes too with ``content``. Notes the pull. Raises ManifestUnknown."""

    def work(tx: Transaction) -> StoredManifest | None:
        if isinstance(reference, Digest):
            return manifests.by_digest(tx, name.value, reference, content=content)
        return manifests.by_tag(tx, name.value, reference.value, content=content)

    found = registry.database.read(work)
    if found is None:
        raise ManifestUnknown(f"{name} has no manifest {reference}", {"name": str(name), "reference": str(reference)})
    # A client that pulls a tag asks for its head first, then for the digest that this named.
    tag = None if isinstance(reference, Digest) else reference.value
    if content or tag is not None:
        registry.pulls.note(found.repository, found.id, tag)
    return found


def find_blob(registry: Registry, name: RepositoryName, digest: Digest) -> StoredBlob:
    """The blob as the repository has it. Raises BlobUnknown."""
    found = registry.database.read(lambda tx: blobs.find(tx, name.value, digest))
    if found is None:
        raise BlobUnknown(f"{name} has no blob {digest}", {"digest": str(digest)})
    return found


def needs_lease(registry: Registry, blob: StoredBlob) -> bool:
    """Whether a HEAD has to extend the blob's lease: nothing needs the blob, and under half of a touch is left."""
    until = blob.leased_until
    if until is None:
        return False
    return registry.database.read(lambda tx: until - tx.now) < registry.rules.touch_lease // 2


def extend_lease(registry: Registry, name: RepositoryName, blob: StoredBlob) -> None:
    """Make the lease last for a touch from now: whoever asked may be about to push a manifest that needs it."""
    touch = registry.rules.touch_lease
    registry.database.write(lambda tx: blobs.extend_lease(tx, name.value, blob.id, tx.now + touch))
