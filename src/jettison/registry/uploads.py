"""Uploads: bytes come in by one or several requests, and become a blob when their digest is known to be right."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from jettison.blobs.store import Key, Writer, WriterRevoked
from jettison.metadata import blobs, manifests, repositories, uploads
from jettison.metadata.database import Lock, Transaction
from jettison.metadata.uploads import UploadRow
from jettison.oci.digest import Digest, Hash, new_hash
from jettison.oci.errors import BlobUploadInvalid, BlobUploadUnknown, DigestInvalid, RangeInvalid
from jettison.oci.reference import RepositoryName
from jettison.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Upload:
    """A session as its client sees it: ``received`` bytes will survive anything."""

    id: str
    received: int


def start(registry: Registry, name: RepositoryName, algorithm: str = "sha256") -> Upload:
    """Begin a session whose digest will be of ``algorithm``, as far as is known. Raises DigestInvalid.

    Its row comes first: no byte lies anywhere without one.
    """
    id = str(uuid.uuid4())
    registry.hashes.keep(id, 0, new_hash(algorithm))
    key = registry.blobs.new_key()
    registry.database.write(lambda tx: uploads.add(tx, id, name.value, key), durable=False)
    return Upload(id, 0)


def status(registry: Registry, name: RepositoryName, id: str) -> Upload:
    """How far the session is. Raises BlobUploadUnknown."""
    return Upload(id, _find(registry, name, id).received)


def cancel(registry: Registry, name: RepositoryName, id: str) -> None:
    """End the session and drop its bytes. Raises BlobUploadUnknown."""
    _abandon(registry, _find(registry, name, id))


def resume(registry: Registry, name: RepositoryName, id: str, start: int | None) -> Incoming:
    """Take the session over to append to it; ``start`` is where the client believes it to stand.

    A twin that still holds it (a stalled connection whose client has tried again) can record nothing any more.
    Raises BlobUploadUnknown, and RangeInvalid, which says how many bytes there are, when ``start`` is wrong.
    """
    row = _find(registry, name, id)
    if start is not None and start != row.received:
        raise RangeInvalid(
            f"the upload has {row.received} bytes and the request starts at {start}: go on at {row.received}",
            size=row.received,
        )
    return Incoming(registry, row)


class Incoming:
    """The one who may append to a session now. Pieces are hashed as they come."""

    def __init__(self, registry: Registry, row: UploadRow) -> None:
        self.row = row
        self._registry = registry
        self._token = uuid.uuid4().hex
        self._hash: Hash | None = registry.hashes.take(row.id, row.received)
        if self._hash is None and row.received == 0:
            self._hash = new_hash("sha256")
        if not registry.database.write(lambda tx: uploads.claim(tx, row.id, self._token, row.received), durable=False):
            raise _taken_over()
        self._writer: Writer = registry.blobs.writer(row.id, Key(row.key), row.state, row.received)
        self._state = row.state
        self._synced = True

    @property
    def received(self) -> int:
        """Bytes so far, durable or not."""
        return self._writer.offset

    def expect(self, digest: Digest) -> None:
        """Hash with the algorithm of ``digest``, which the whole upload will have; of use before the first byte."""
        if self.received == 0 and digest.algorithm != "sha256":
            self._hash = new_hash(digest.algorithm)

    def append(self, piece: bytes | bytearray | memoryview) -> None:
        """Write and hash. Raises BlobUploadInvalid if another request took the session over, Unavailable."""
        try:
            self._writer.write(piece)
        except WriterRevoked as error:
            raise _taken_over() from error
        self._synced = False
        if self._hash is not None:
            self._hash.update(piece)

    def pause(self) -> Upload:
        """Make what came durable, then record it: a digest must never be recorded of bytes that power loss could take.

        The session can be gone on with, by this process or another. Raises BlobUploadInvalid.
        """
        self.sync()
        row, received, state = self.row, self.received, self._state
        digest = self._digest_so_far()
        if not self._registry.database.write(
            lambda tx: uploads.advance(tx, row.id, self._token, received, digest, state), durable=False
        ):
            raise _taken_over()
        if self._hash is not None:
            self._registry.hashes.keep(row.id, received, self._hash)
        return Upload(row.id, received)

    def sync(self) -> None:
        """Make what came durable."""
        if self._synced:
            return
        try:
            self._state = self._writer.sync()
        except WriterRevoked as error:
            raise _taken_over() from error
        self._synced = True

    def close(self) -> None:
        """Let go of the session, which keeps what :meth:`pause` recorded."""
        self._writer.close()

    def finish(self, digest: Digest) -> None:
        """Make the upload a blob of its repository. Raises DigestInvalid, the session then being over, and others."""
        known = self._digest_so_far(digest.algorithm)
        if known is not None and known != digest:
            self.close()
            _abandon(self._registry, self.row)
            raise _differs(known, digest)
        if known == digest and _link_existing(self._registry, self.row, digest):
            return
        self.sync()
        self.close()
        _keep(self._registry, self.row, self.received, self._state, digest, verified=known is not None)

    def _digest_so_far(self, algorithm: str | None = None) -> Digest | None:
        """The digest of all bytes so far, where it is known (and of that algorithm)."""
        known = self.row.digest_so_far if self.received == self.row.received else None
        if self._hash is not None:
            known = _digest_of(self._hash)
        return known if known is not None and algorithm in (None, known.algorithm) else None


def _digest_of(hashed: Hash) -> Digest:
    made = hashed.hexdigest()
    return Digest("sha256" if len(made) == 64 else "sha512", made)


def _find(registry: Registry, name: RepositoryName, id: str) -> UploadRow:
    row = registry.database.read(lambda tx: uploads.find(tx, id, name.value))
    if row is None:
        raise BlobUploadUnknown(
            f"{name} has no upload {id}: it was finished, cancelled or expired; begin again with POST "
            f"/v2/{name}/blobs/uploads/"
        )
    return row


def _link_existing(registry: Registry, row: UploadRow, digest: Digest) -> bool:
    """Where the bytes are stored already, only link them, and drop those of the upload."""
    if registry.database.read(lambda tx: blobs.find_anywhere(tx, digest)) is None:
        return False

    def work(tx: Transaction) -> bool:
        found = blobs.find_anywhere(tx, digest)
        if found is not None:
            _link(tx, registry, row.repository, digest, found[0])
        return found is not None

    if not registry.database.write(work, Lock.shared(row.repository)):
        return False
    _abandon(registry, row)
    return True


def _keep(registry: Registry, row: UploadRow, size: int, state: str | None, digest: Digest, *, verified: bool) -> None:
    """Bytes first, rows after: durable at their key, then one transaction makes them a blob and ends the session."""
    key = Key(row.key)
    registry.blobs.keep(row.id, key, state, size)
    if not verified:
        found = _read_digest(registry, key, digest.algorithm)
        if found != digest:
            _abandon(registry, row)
            raise _differs(found, digest)

    def work(tx: Transaction) -> bool:
        blob, stored = blobs.store(tx, digest, size, row.key)
        _link(tx, registry, row.repository, digest, blob)
        if stored and not uploads.remove(tx, row.id):
            raise BlobUploadUnknown(f"upload {row.id} was finished or cancelled by another request")
        return stored

    if registry.database.write(work, Lock.shared(row.repository)):
        registry.blobs.finish(row.id, key, state)
    else:
        _abandon(registry, row)


def _link(tx: Transaction, registry: Registry, name: str, digest: Digest, blob: int) -> None:
    repository = repositories.find_or_create(tx, name)
    blobs.link(tx, repository, blob, tx.now + registry.rules.upload_lease)
    for manifest in manifests.take_missing(tx, repository, digest):
        manifests.hold_blobs(tx, repository, manifest, [blob])


def _read_digest(registry: Registry, key: Key, algorithm: str) -> Digest:
    hashed = new_hash(algorithm)
    for piece in registry.blobs.read(key):
        hashed.update(piece)
    return Digest(algorithm, hashed.hexdigest())


def _abandon(registry: Registry, row: UploadRow) -> None:
    """Drop the bytes, then the row: while bytes lie somewhere a row says so."""
    registry.blobs.abandon(row.id, Key(row.key), row.state)
    registry.database.write(lambda tx: uploads.remove(tx, row.id), durable=False)


def _differs(found: Digest, digest: Digest) -> DigestInvalid:
    return DigestInvalid(
        f"the content received has the digest {found}, not {digest}: upload it again", {"digest": str(digest)}
    )


def _taken_over() -> BlobUploadInvalid:
    return BlobUploadInvalid("another request has taken this upload over: ask for its status, then go on there")
