"""Blobs as objects in an S3 bucket.

    <prefix>/blobs/<first two digits of the key>/<key>     what was kept
    <prefix>/uploads/<upload>...                           marks and tails of what is arriving (see `s3_upload`)

Large uploads are multipart uploads of the blob's own object, so that nothing is copied when they are kept. What was
adopted from CNCF distribution lies where that has put it (see `places`). docs/design/s3.md says what lies where at
every moment, and why nothing is lost.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from collections.abc import Generator, Iterator, Mapping

from jettison.blobs import multipart, s3_upload
from jettison.blobs.answers import Refused, answered, remedy
from jettison.blobs.bucket import Bucket
from jettison.blobs.multipart import load
from jettison.blobs.objects import Objects
from jettison.blobs.places import TREE, object_key, object_name, require_new, require_upload
from jettison.blobs.s3_reading import pieces
from jettison.blobs.s3_upload import FOLDER, S3Upload
from jettison.blobs.s3_writer import S3Writer
from jettison.blobs.store import PIECE_SIZE, BytesMissing, Key, NoSpace, Unreachable, Unsuitable

_SIGNED_HEADERS = {
    "content-type": "ResponseContentType",
    "content-disposition": "ResponseContentDisposition",
    "content-encoding": "ResponseContentEncoding",
    "content-language": "ResponseContentLanguage",
    "cache-control": "ResponseCacheControl",
    "expires": "ResponseExpires",
}


class S3Blobs:
    """Blobs in ``bucket``, which is there already.

    Nothing here waits for anything but the engine. Raises Unsuitable where the bucket cannot be reached or used.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._writers: weakref.WeakValueDictionary[str, S3Writer] = weakref.WeakValueDictionary()
        self._writers_lock = threading.Lock()
        try:
            with answered():
                self._objects = Objects(bucket)
            self._probe()
        except (Unreachable, ValueError) as error:
            raise Unsuitable(f"Blobs cannot be stored in the bucket {bucket.name}: {error}. {remedy(error)}") from error
        except NoSpace:
            # A full bucket must not keep anyone from deleting.
            return

    @property
    def objects(self) -> Objects:
        """The bucket's objects, for whoever reads or plants a tree beside the blobs."""
        return self._objects

    def new_key(self) -> Key:
        """A random key."""
        return Key(uuid.uuid4().hex)

    def require_room(self) -> None:
        """Do nothing: a bucket does not say how much room it has."""

    def writer(self, upload: str, key: Key, state: str | None, offset: int) -> S3Writer:
        """A writer of ``upload`` that goes on at ``offset``; an older one of this process is revoked.

        One of another process is not: what it puts is not recorded, and goes when the upload ends.
        """
        writer = S3Writer(self._upload(upload, key), state, offset)
        with self._writers_lock:
            older = self._writers.get(upload)
            self._writers[upload] = writer
        if older is not None:
            older.revoked = True
        return writer

    def keep(self, upload: str, key: Key, state: str | None, size: int) -> None:
        """Make the first ``size`` bytes of ``upload`` the object at ``key``.

        Raises BytesMissing, AlreadyKept, NoSpace, KeyTaken, Unreachable.
        """
        kept = self._upload(upload, key)
        self._revoke(upload)
        progress = load(state)
        if progress.size != size:
            raise BytesMissing(
                f"{progress.size} bytes of upload {upload} are in the bucket where {size} are to be kept: "
                "start the upload again"
            )
        kept.keep(progress)

    def finish(self, upload: str, key: Key | None = None, state: str | None = None) -> None:
        """Drop the upload's marks and tails, and the multipart uploads that a twin of it has left."""
        require_upload(upload)
        self._revoke(upload)
        s3_upload.drop(self._objects, upload, with_blob=False)

    def abandon(self, upload: str, key: Key, state: str | None) -> None:
        """Drop all that the upload has anywhere; what it put at ``key`` too, unless it was finished."""
        self._upload(upload, key)
        self._revoke(upload)
        s3_upload.drop(self._objects, upload, with_blob=True)

    def drop_late(self, upload: str, key: Key, *, kept: bool) -> None:
        """Drop marks, tails and multipart uploads, which no mark may tell of any more, and the object unless `kept`."""
        name = self._upload(upload, key).name
        self._revoke(upload)
        multipart.abort_all(self._objects, name)
        s3_upload.drop(self._objects, upload, with_blob=False)
        if not kept:
            self._objects.delete(name)

    def uploads(self) -> Iterator[str]:
        """The ids of all uploads that have a mark or a tail."""
        return s3_upload.found(self._objects)

    def read(
        self, key: Key, start: int = 0, stop: int | None = None, piece: int = PIECE_SIZE
    ) -> Generator[bytes, None, None]:
        """The bytes from ``start`` to before ``stop``, in pieces. Raises BytesMissing, Unreachable."""
        name = object_name(key)
        if not 0 <= start <= (start if stop is None else stop):
            raise ValueError(f"No bytes lie between {start} and {stop}: give 0 <= start <= stop")
        found = pieces(self._objects, name, start, stop, piece)
        # A generator that has begun raises what opening raises, and closes its answer even if nobody reads on.
        next(found)
        return found

    def path(self, key: Key) -> None:
        """None: a bucket is no folder."""
        object_name(key)

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str:
        """A signed URL of the object, whether it exists or not; of ``headers`` those that S3 lets a URL set."""
        given = {name.lower(): value for name, value in headers.items()}
        asked = {parameter: given[name] for name, parameter in _SIGNED_HEADERS.items() if name in given}
        asked |= {"Bucket": self._objects.bucket.name, "Key": self._objects.full_name(object_name(key))}
        with answered():
            return self._objects.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=int(lifetime))

    def size(self, key: Key) -> int | None:
        """The number of bytes of the object; None where there is none."""
        found = self._objects.look(object_name(key))
        return found.size if found else None

    def stored_at(self, key: Key) -> float | None:
        """When the object came, by the engine's clock; on Amazon's, when its multipart upload began."""
        found = self._objects.look(object_name(key))
        return found.stored_at if found else None

    def delete(self, key: Key) -> None:
        """Delete the object, if it is there."""
        self._objects.delete(object_name(key))

    def keys(self) -> Iterator[tuple[Key, int]]:
        """All blobs with their sizes, a page at a time; other objects are passed over."""
        for before in ("blobs/", f"{TREE.as_posix()}/blobs/"):
            for name, size in self._objects.list(before):
                key = object_key(name)
                if key is not None:
                    yield key, size

    def close(self) -> None:
        """Close the connections."""
        with self._writers_lock:
            writers = list(self._writers.values())
            self._writers.clear()
        for writer in writers:
            writer.revoked = True
        self._objects.client.close()

    def _upload(self, upload: str, key: Key) -> S3Upload:
        require_upload(upload)
        require_new(key)
        return S3Upload(self._objects, upload, key)

    def _revoke(self, upload: str) -> None:
        with self._writers_lock:
            writer = self._writers.pop(upload, None)
        if writer is not None:
            writer.revoked = True

    def _probe(self) -> None:
        """See that objects can be listed, put and deleted, and whether the engine keeps one from being replaced."""
        probe = f"{FOLDER}probe-{uuid.uuid4().hex}"
        next(self._objects.list(probe), None)
        self._objects.put(probe, b"")
        try:
            self._objects.put(probe, b"", once=True)
        except Refused as refused:
            self._objects.conditional = refused.is_taken
        else:
            self._objects.conditional = False
        self._objects.delete(probe)
