"""What the registry asks of a place that keeps bytes: the protocols Blobs and Writer, and their errors.

    BlobsError
    ├── BytesMissing      bytes that should be there are not, or not all of them
    ├── NoSpace           the disk or the quota is full
    ├── NotDurable        the storage could not promise that bytes survive a power loss
    ├── Unreachable       the storage does not answer, or refuses to do anything
    ├── TooLong           the upload has more bytes than the storage takes as one blob
    ├── KeyTaken          another blob lies at the key
    ├── WriterRevoked     another writer of the same upload, or its end, took over
    │   └── AlreadyKept   the upload's bytes have a key, and cannot change any more
    ├── InvalidId         a key or upload id that this storage never gave out (also a ValueError)
    └── Unsuitable        the storage lacks something without which nothing here is safe

The life of a blob:

    key = blobs.new_key()                                 the upload's row, with this key, is committed first
    writer = blobs.writer(upload, key, None, 0)           then, in each request that brings bytes:
    writer.write(piece); ...; state = writer.sync()       durable; offset and state go into the upload's row
    writer.close()
    blobs.keep(upload, key, state, size)                  durable at its key
    ...                                                   one commit: the blob's row comes, the upload's row goes
    blobs.finish(upload, key, state)                      drops what the upload needed and the blob does not

An upload that does not get there ends with `abandon`, after which its row goes. Whoever abandons makes sure first that
nobody can commit it any more, and whoever commits, that nobody has taken the upload over since. What `uploads` finds
without a row was therefore committed or had nothing worth keeping: it is to be finished, never abandoned.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import NewType, Protocol

Key = NewType("Key", str)

PIECE_SIZE = 64 * 1024


class BlobsError(Exception):
    """What storage cannot do, with the fix in its message."""


class BytesMissing(BlobsError):
    """Bytes that should be there are not, or fewer than were promised."""


class NoSpace(BlobsError):
    """The disk or the quota is full. Nothing that was written before is lost."""


class NotDurable(BlobsError):
    """The storage failed to make bytes durable. An upload to which this happens is to be abandoned."""


class Unreachable(BlobsError):
    """The storage does not answer, or refuses. Nothing that was written before is lost, and trying again is right."""


class TooLong(BlobsError):
    """The upload has more bytes than the storage takes as one blob."""


class KeyTaken(BlobsError):
    """Other bytes lie at this key already, and stay: bytes are written once."""


class WriterRevoked(BlobsError):
    """A writer that may not write any more: its upload has a newer one, or was kept or has ended."""


class AlreadyKept(WriterRevoked):
    """The upload's bytes have a key, recorded or not, and never change: keep it again as it is, or abandon it."""


class InvalidId(BlobsError, ValueError):
    """A key or an upload id of the wrong shape: never turned into a path or an object's name."""


class Unsuitable(BlobsError):
    """The place given for storage cannot do what storage needs."""


class Writer(Protocol):
    """Appends to one upload. For one thread at a time."""

    @property
    def offset(self) -> int:
        """The number of bytes of the upload so far: of whole pieces only, those before a failed write."""

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Append `piece`. It may be reused once this returns.

        Raises WriterRevoked; AlreadyKept, here or at the next sync; BytesMissing where the upload holds fewer bytes
        than the offset it was resumed at; NoSpace, after which `offset` is what it was before the piece, and `sync`
        may still save that much.
        """

    def sync(self) -> str | None:
        """Make all bytes up to `offset` durable, and answer the state from which `Blobs.writer` resumes there.

        Raises WriterRevoked, AlreadyKept, BytesMissing, NoSpace, or NotDurable, after which the upload is to be
        abandoned: bytes on their way to the disk may be lost, and trying again could answer a false success.
        """

    def close(self) -> None:
        """Let go of what the writer holds, without making anything durable. Closing again does nothing."""


class Blobs(Protocol):
    """Bytes written once, each blob at a key that is never used again. For any number of threads.

    Every method that asks a storage on another machine may raise Unreachable, Writer's too, and is to be called again.
    What it was asked for may have been done all the same.

    Every method that takes a key or an upload id raises InvalidId where it is not of the shape that new_key()
    gives (32 lower-case hexadecimal digits), or of a UUID (lower-case, with or without hyphens). What reads or deletes
    takes the keys of adopted blobs too: `sha256:` or `sha512:` and the digest's digits in lower case.
    """

    def new_key(self) -> Key:
        """A key that was never given before and never will be again."""

    def require_room(self) -> None:
        """Raise NoSpace where nothing should be added any more: what is left is for deleting, which needs some too."""

    def writer(self, upload: str, key: Key, state: str | None, offset: int) -> Writer:
        """A writer of `upload` that goes on at `offset`, for bytes that `keep` will put at `key`.

        `state` and `offset` are those of the `sync` last recorded (None and 0: a new upload). Whatever an
        unrecorded writer put beyond `offset` is dropped. An older writer of this upload is revoked.
        Makes nothing by itself: storage is touched at the first byte or sync.
        """

    def keep(self, upload: str, key: Key, state: str | None, size: int) -> None:
        """Make the first `size` bytes of `upload` the blob at `key`: durable and whole when this returns.

        `state` is that of a `sync` at offset `size` (a backend whose state is None needs no sync before).
        Whatever lies beyond `size` is dropped, and a writer of the upload revoked. To be called again after any
        failure or crash, before the commit. Raises BytesMissing where there are fewer bytes than `size`; AlreadyKept
        where it was kept with more; NoSpace; KeyTaken; NotDurable, after which the upload is to be abandoned.
        """

    def finish(self, upload: str, key: Key | None = None, state: str | None = None) -> None:
        """Drop what `upload` left beside the blob that it has become; the blob stays.

        Called after the commit that recorded the blob. A sweep of leftovers has neither key nor state.
        Nothing there is success.
        """

    def abandon(self, upload: str, key: Key, state: str | None) -> None:
        """Drop all of an upload that was never committed, and what `keep` put at `key` if it got that far.

        After `finish` it touches nothing. A writer of the upload is revoked. Nothing there is success.
        """

    def drop_late(self, upload: str, key: Key, *, kept: bool) -> None:
        """Drop what a request has put for `upload` after that had ended in another process, which has not seen it.

        With `kept` the upload became the blob at `key`, which stays. Without, what lies there goes: the caller knows
        that no row has ever named it. Nothing there is success.
        """

    def uploads(self) -> Iterator[str]:
        """The ids of uploads that storage finds something of by itself, without their rows, in no order.

        Those that come or go meanwhile may be missed.
        """

    def read(
        self, key: Key, start: int = 0, stop: int | None = None, piece: int = PIECE_SIZE
    ) -> Generator[bytes, None, None]:
        """The bytes from `start` to before `stop` (None: the end), in pieces of `piece` bytes, the last one shorter.

        Raises BytesMissing at the call where there is no such blob or it ends before `start` or `stop`, and from
        the generator where it turns out shorter. Bytes already deleted stay readable for who has begun, if the
        backend can. Closing the generator, or forgetting it, closes what it holds.
        """

    def path(self, key: Key) -> Path | None:
        """A local file to send `key`'s bytes from, whether it exists or not; None where the backend has none."""

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str | None:
        """A signed URL that serves `key` for `lifetime` seconds with these response headers.

        None where the backend has none.
        """

    def size(self, key: Key) -> int | None:
        """The number of bytes at `key`; None where there is no such blob."""

    def stored_at(self, key: Key) -> float | None:
        """When the blob came to lie at `key`, or later, in seconds since 1970; None where there is no such blob."""

    def delete(self, key: Key) -> None:
        """Drop the blob at `key`. Nothing there is success."""

    def keys(self) -> Iterator[tuple[Key, int]]:
        """All blobs that storage holds, with their sizes, in no order; what is no blob is passed over.

        Those that come or go meanwhile may be missed.
        """

    def close(self) -> None:
        """Let go of what the storage holds open. Closing again does nothing."""
