"""Uploads: bytes come in by one or several requests, and become a blob when their digest is known to be right."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from jettison.blobs.store import BytesMissing, Key, Unreachable, Writer, WriterRevoked
from jettison.metadata import blobs, missing, repositories, uploads
from jettison.metadata.database import Lock, Transaction
from jettison.metadata.uploads import UploadRow
from jettison.oci.digest import Digest, Hash, new_hash
from jettison.oci.errors import (
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    RangeInvalid,
    TooLarge,
    Unavailable,
)
from jettison.oci.reference import RepositoryName
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.points import reach
from jettison.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Upload:
    """A session as its client sees it: ``received`` bytes will survive anything."""

    id: str
    received: int


def start(registry: Registry, name: RepositoryName, algorithm: str = "sha256", owner: str = "") -> Upload:
    """Begin a session whose digest will be of ``algorithm``, as far as is known. Raises DigestInvalid.

    Nobody but its ``owner`` (:attr:`jettison.registry.access.Caller.identity`) finds it.

    Its row comes first: no byte lies anywhere without one. Raises NoSpace where the disk is full.
    """
    registry.blobs.require_room()
    id = str(uuid.uuid4())
    registry.hashes.keep(id, 0, new_hash(algorithm))
    key = registry.blobs.new_key()
    registry.database.write(lambda tx: uploads.add(tx, id, name.value, key, owner), durable=False)
    return Upload(id, 0)


def status(registry: Registry, name: RepositoryName, id: str, owner: str = "") -> Upload:
    """How far the session is. Raises BlobUploadUnknown."""
    return Upload(id, _find(registry, name, id, owner).received)


def cancel(registry: Registry, name: RepositoryName, id: str, owner: str = "") -> None:
    """End the session and drop its bytes. Raises BlobUploadUnknown."""
    if not _abandon(registry, _find(registry, name, id, owner)):
        raise _unknown(name.value, id)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that will append to a session: where that stood as the request came, and which request it was."""

    row: UploadRow
    number: int


def arrive(registry: Registry, name: RepositoryName, id: str, start: int | None, owner: str = "") -> Arrival:
    """Look at a session for a request that will append to it; ``start`` is where its client believes that to stand.

    Its body goes where the session stands now, not when it has come: a request that stalls and is sent again would
    else append to what its twin has brought meanwhile. Raises BlobUploadUnknown, and RangeInvalid, which says how
    many bytes there are, when ``start`` is wrong.
    """
    row = _find(registry, name, id, owner)
    if start is not None and start != row.received:
        raise RangeInvalid(
            f"the upload has {row.received} bytes and the request starts at {start}: go on at {row.received}",
            size=row.received,
        )
    return Arrival(row, registry.arrivals.note(id))


def take_over(registry: Registry, arrival: Arrival) -> Incoming:
    """Take the session to append to it.

    A twin that still holds it (a stalled connection whose client has tried again) can record nothing any more.
    Raises BlobUploadInvalid if the session has gone on since, or another request has come for it.
    """
    return Incoming(registry, arrival)


def resume(registry: Registry, name: RepositoryName, id: str, start: int | None) -> Incoming:
    """Come and take the session over at once; raises what both raise."""
    return take_over(registry, arrive(registry, name, id, start))


class Incoming:
    """The one who may append to a session now. Pieces are hashed as they come."""

    def __init__(self, registry: Registry, arrival: Arrival) -> None:
        self.row = row = arrival.row
        if not registry.arrivals.is_last(row.id, arrival.number):
            raise _taken_over()
        self._registry = registry
        self._token = uuid.uuid4().hex
        self._hash: Hash | None = registry.hashes.take(row.id, row.received)
        if self._hash is None and row.received == 0:
            self._hash = new_hash("sha256")
        reach("upload.open")
        # The writer comes before the claim. After it, it could drop what another request has recorded in between.
        self._writer: Writer = registry.blobs.writer(row.id, Key(row.key), row.state, row.received)
        reach("upload.claim")
        if not registry.database.write(lambda tx: uploads.claim(tx, row.id, self._token, row.received), durable=False):
            self._writer.close()
            raise _taken_over()
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

    def announce(self, length: int) -> None:
        """Say that so many bytes more will come. Raises TooLarge, the session then being over."""
        most = self._registry.rules.blob_limit
        if most and self.received + length > most:
            self._give_up()
            raise TooLarge(
                f"the blob has more than {most} bytes, which is the most that is accepted (jettison.limits.blob)"
            )

    def append(self, piece: bytes | bytearray | memoryview) -> None:
        """Write and hash. Raises BlobUploadInvalid if another request took the session over, Unavailable, TooLarge."""
        with self._ours():
            self.announce(len(piece))
            reach("upload.append")
            self._writer.write(piece)
        self._synced = False
        if self._hash is not None:
            self._hash.update(piece)

    def pause(self) -> Upload:
        """Make what came durable, then record it: a digest must never be recorded of bytes that power loss could take.

        The session can be gone on with, by this process or another. Raises BlobUploadInvalid.
        """
        with self._ours():
            self._sync()
            row, received, state = self.row, self.received, self._state
            reach("upload.advance")
            digest = self._digest_so_far()
            if not self._registry.database.write(
                lambda tx: uploads.advance(tx, row.id, self._token, received, digest, state), durable=False
            ):
                raise _taken_over()
        if self._hash is not None:
            self._registry.hashes.keep(row.id, received, self._hash)
        return Upload(row.id, received)

    def _sync(self) -> None:
        """Make what came durable."""
        if self._synced:
            return
        reach("upload.sync")
        self._state = self._writer.sync()
        self._synced = True

    def close(self) -> None:
        """Let go of the session, which keeps what :meth:`pause` recorded."""
        self._writer.close()

    def finish(self, digest: Digest, origin: Origin = NOBODY) -> None:
        """Make the upload a blob of its repository.

        Raises DigestInvalid, the session then being over, and BlobUploadInvalid if another request took it over.
        """
        with self._ours():
            self._finish(digest, origin)

    def _finish(self, digest: Digest, origin: Origin) -> None:
        known = self._digest_so_far(digest.algorithm)
        if known is not None and known != digest:
            self._give_up()
            raise _differs(known, digest)
        if known == digest and self._link_existing(digest, origin):
            return
        self._check_ours()
        self._sync()
        self.close()
        self._keep()
        if known is None:
            self._verify(digest)
        self._commit(digest, origin)

    def _digest_so_far(self, algorithm: str | None = None) -> Digest | None:
        """The digest of all bytes so far, where it is known (and of that algorithm)."""
        known = self.row.digest_so_far if self.received == self.row.received else None
        if self._hash is not None:
            known = _digest_of(self._hash)
        return known if known is not None and algorithm in (None, known.algorithm) else None

    def _check_ours(self) -> None:
        if not self._registry.database.read(lambda tx: uploads.is_writer(tx, self.row.id, self._token)):
            raise _taken_over()

    @contextlib.contextmanager
    def _ours(self) -> Iterator[None]:
        """Around all that brings bytes: raise BlobUploadInvalid where the session is somebody else's, or over."""
        try:
            try:
                yield
            except WriterRevoked as error:
                raise _taken_over() from error
            except BytesMissing:
                # Whoever took it over, or ended it, may have dropped its bytes.
                self._check_ours()
                raise
        except BlobUploadInvalid:
            self._clear()
            raise

    def _clear(self) -> None:
        """Drop what this one has put since the session ended: who ended it, in another process, has not seen that."""
        registry, row = self._registry, self.row
        with contextlib.suppress(Unavailable, Unreachable):
            end = registry.database.read(lambda tx: uploads.end_of(tx, row.id, row.key))
            if end is not None:
                registry.blobs.drop_late(row.id, Key(row.key), kept=end is uploads.End.BLOB)

    def _give_up(self) -> None:
        self.close()
        if not _abandon(self._registry, self.row, self._token):
            raise _taken_over()

    def _link_existing(self, digest: Digest, origin: Origin) -> bool:
        """Where the bytes are stored already, only link them, and drop those of the upload."""
        registry, row = self._registry, self.row
        if registry.database.read(lambda tx: blobs.find_anywhere(tx, digest)) is None:
            return False

        def work(tx: Transaction) -> bool:
            found = blobs.find_anywhere(tx, digest)
            if found is not None:
                _link(tx, registry, row.repository, digest, found[0])
                registry.events.blob_pushed(tx, origin, row.repository, digest, found[1])
                self._end(tx)
            return found is not None

        reach("upload.link")
        if not registry.database.write(work, Lock.shared(row.repository)):
            return False
        _drop(registry, row)
        return True

    def _keep(self) -> None:
        reach("upload.keep")
        self._registry.blobs.keep(self.row.id, Key(self.row.key), self._state, self.received)

    def _verify(self, digest: Digest) -> None:
        """Read what was kept, where no hash has seen all of it."""
        hashed = new_hash(digest.algorithm)
        for piece in self._registry.blobs.read(Key(self.row.key)):
            hashed.update(piece)
        if _digest_of(hashed) != digest:
            self._give_up()
            raise _differs(_digest_of(hashed), digest)

    def _commit(self, digest: Digest, origin: Origin) -> None:
        """The bytes are durable at their key: one transaction makes them a blob and ends the session."""
        registry, row, size = self._registry, self.row, self.received

        def work(tx: Transaction) -> bool:
            blob, stored = blobs.store(tx, digest, size, row.key, tx.now + registry.rules.sweep_grace)
            _link(tx, registry, row.repository, digest, blob)
            registry.events.blob_pushed(tx, origin, row.repository, digest, size)
            if not stored:
                self._end(tx)
            elif not uploads.finish(tx, row.id, self._token):
                raise _taken_over()
            return stored

        reach("upload.commit")
        if registry.database.write(work, Lock.shared(row.repository)):
            reach("upload.finish")
            # The blob is there, whatever lies beside it: that is found when a server starts.
            with contextlib.suppress(Unreachable):
                registry.blobs.finish(row.id, Key(row.key), self._state)
        else:
            _drop(registry, row)

    def _end(self, tx: Transaction) -> None:
        if not uploads.end(tx, self.row.id, self._token):
            raise _taken_over()


def _digest_of(hashed: Hash) -> Digest:
    made = hashed.hexdigest()
    return Digest("sha256" if len(made) == 64 else "sha512", made)


def _find(registry: Registry, name: RepositoryName, id: str, owner: str) -> UploadRow:
    row = registry.database.read(lambda tx: uploads.find(tx, id, name.value, owner))
    if row is None:
        raise _unknown(name.value, id)
    return row


def _link(tx: Transaction, registry: Registry, name: str, digest: Digest, blob: int) -> None:
    repository = repositories.find_or_create(tx, name)
    blobs.link(tx, repository, blob, tx.now + registry.rules.upload_lease)
    missing.settle(tx, repository, [digest])


def _abandon(registry: Registry, row: UploadRow, writer: str | None = None) -> bool:
    """End a session that becomes no blob and drop its bytes; False if it is over, or ``writer`` has it no longer.

    Its end is committed first: of two requests, one that commits the blob and one that drops its bytes, one is refused.
    """
    reach("upload.end")
    ended = registry.database.write(lambda tx: uploads.end(tx, row.id, writer), durable=False)
    if ended:
        _drop(registry, row)
    return ended


def _drop(registry: Registry, row: UploadRow) -> None:
    """Drop the bytes of a session that has ended, then its row: while bytes lie somewhere a row says so.

    Where the storage does not answer both are left to the sweep.
    """
    reach("upload.drop")
    try:
        registry.blobs.abandon(row.id, Key(row.key), row.state)
    except Unreachable:
        return
    reach("upload.remove")
    registry.database.write(lambda tx: uploads.remove(tx, row.id), durable=False)


def _unknown(name: str, id: str) -> BlobUploadUnknown:
    return BlobUploadUnknown(
        f"{name} has no upload {id}: it was finished, cancelled or expired; begin again with POST "
        f"/v2/{name}/blobs/uploads/"
    )


def _differs(found: Digest, digest: Digest) -> DigestInvalid:
    return DigestInvalid(
        f"the content received has the digest {found}, not {digest}: upload it again", {"digest": str(digest)}
    )


def _taken_over() -> BlobUploadInvalid:
    return BlobUploadInvalid(
        "another request has taken this upload over, or ended it: ask for its status, then go on there"
    )
