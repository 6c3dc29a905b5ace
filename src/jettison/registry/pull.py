"""Reading: manifests and blobs as they were pushed."""

from __future__ import annotations

from jettison.blobs.store import BytesMissing
from jettison.metadata import blobs, manifests
from jettison.metadata.blobs import Damage, StoredBlob
from jettison.metadata.database import Transaction
from jettison.metadata.manifests import StoredManifest
from jettison.oci.digest import Digest
from jettison.oci.errors import BlobUnknown, ManifestUnknown
from jettison.oci.reference import Reference, RepositoryName
from jettison.registry.points import reach
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


def find_blob(registry: Registry, name: RepositoryName, digest: Digest, *, content: bool = True) -> StoredBlob:
    """The blob as the repository has it. Raises BlobUnknown, and BytesMissing where its bytes are known to be others.

    Without ``content`` (HEAD, by which a push finds out what it need not bring) one with damaged bytes is unknown.
    """
    found = registry.database.read(lambda tx: blobs.find(tx, name.value, digest))
    if found is None:
        raise _unknown(name, digest)
    if found.damage and not content:
        raise BlobUnknown(f"the stored bytes of blob {digest} are damaged: push it again", {"digest": str(digest)})
    if found.damage is Damage.WRONG:
        raise BytesMissing(f"the stored bytes of blob {digest} are damaged: push it again, or bring back a backup")
    return found


def note_missing(registry: Registry, key: str) -> None:
    """Record that bytes at ``key`` were found missing, so that whoever pushes them again stores them anew."""
    if registry.database.read(lambda tx: blobs.damage_of(tx, key)) is Damage.NONE:
        registry.database.write(lambda tx: blobs.mark(tx, key, Damage.MISSING), durable=False)


def needs_lease(registry: Registry, blob: StoredBlob) -> bool:
    """Whether a HEAD has to extend the blob's lease: nothing needs the blob, and under half of a touch is left."""
    until = blob.leased_until
    if until is None:
        return False
    return registry.database.read(lambda tx: until - tx.now) < registry.rules.touch_lease // 2


def extend_lease(registry: Registry, name: RepositoryName, blob: StoredBlob) -> None:
    """Make the lease last for a touch from now: whoever asked may be about to push a manifest that needs it.

    Raises BlobUnknown if it ended in between, and a sweep has taken the blob.
    """
    touch = registry.rules.touch_lease
    reach("head.extend")
    if not registry.database.write(lambda tx: blobs.extend_lease(tx, name.value, blob.digest, tx.now + touch)):
        raise _unknown(name, blob.digest)


def _unknown(name: RepositoryName, digest: Digest) -> BlobUnknown:
    return BlobUnknown(f"{name} has no blob {digest}", {"digest": str(digest)})
