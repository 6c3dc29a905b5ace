"""Appends to one upload in a bucket: bytes are gathered into parts, and what is left over becomes a tail."""

from __future__ import annotations

from jettison.blobs.bucket import LEAST_PART
from jettison.blobs.multipart import Part, Progress, load
from jettison.blobs.s3_upload import S3Upload
from jettison.blobs.store import BytesMissing, WriterRevoked


class S3Writer:
    """Appends to ``upload`` from ``offset`` on, until it is revoked. It holds one part in memory at most.

    What it puts has names that no other writer gives: two of them never mix, whichever of them the row will follow.
    """

    def __init__(self, upload: S3Upload, state: str | None, offset: int) -> None:
        self.revoked = False
        self._upload = upload
        self._state = state
        self._offset = offset
        self._recorded = recorded = load(state)
        self._multipart = recorded.multipart
        self._parts: list[Part] = list(recorded.parts)
        self._tails = [recorded.tail] if recorded.tail else []
        self._stale = recorded.stale
        self._buffer: bytearray | None = None
        self._loaded = not recorded.tail
        self._synced = True

    @property
    def offset(self) -> int:
        """The number of bytes of the upload so far."""
        return self._offset

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Append ``piece``. Raises WriterRevoked, AlreadyKept, BytesMissing, NoSpace, Unreachable, TooLong."""
        buffer = self._open()
        self._load(buffer)
        before, parts = len(buffer), len(self._parts)
        with memoryview(piece) as whole, whole.cast("B") as view:
            try:
                self._gather(buffer, view)
            except BaseException:
                # Unless a part has taken some of this piece, it is as if it had not come.
                if len(self._parts) == parts:
                    del buffer[before:]
                else:
                    self.close()
                raise
            self._offset += len(view)
        self._synced = False

    def sync(self) -> str | None:
        """Have all bytes so far in the bucket, and answer how far the upload is. Raises what `write` raises."""
        buffer = self._open()
        if self._synced:
            return self._state
        if self._recorded.size:
            # Whoever resumes may meet a twin that has kept it, whose commit is on its way.
            self._upload.refuse_if_kept()
        if len(buffer) >= LEAST_PART:
            self._send(buffer)
        tail = self._upload.put_tail(buffer) if buffer else ""
        self._drop_stale()
        self._state = Progress(self._multipart, tuple(self._parts), tail, len(buffer), tuple(self._tails)).dump()
        if tail:
            self._tails.append(tail)
        self._require_mine()
        self._synced = True
        return self._state

    def close(self) -> None:
        """Let go of what is in memory; nothing more is taken."""
        self.revoked = True
        self._buffer = None

    def _open(self) -> bytearray:
        """What is gathered, with the tail that was recorded."""
        self._require_mine()
        if self._buffer is None:
            if self._recorded.size != self._offset:
                raise BytesMissing(
                    f"{self._recorded.size} bytes of upload {self._upload.id} are in the bucket where {self._offset} "
                    "were recorded: start the upload again"
                )
            self._buffer = bytearray()
        return self._buffer

    def _load(self, buffer: bytearray) -> None:
        """Have the tail that was recorded before what is gathered; a request without bytes does not need it."""
        if not self._loaded:
            buffer += self._upload.tail(self._recorded)
            self._loaded = True

    def _gather(self, buffer: bytearray, view: memoryview) -> None:
        size = self._upload.objects.bucket.part_size
        taken = 0
        while taken < len(view):
            step = view[taken : taken + size - len(buffer)]
            buffer += step
            taken += len(step)
            if len(buffer) == size:
                self._send(buffer)

    def _send(self, buffer: bytearray) -> None:
        self._require_mine()
        if not self._multipart:
            self._multipart = self._upload.begin()
        self._parts.append(self._upload.send(self._multipart, self._parts, buffer))
        buffer.clear()

    def _drop_stale(self) -> None:
        """Drop the tails before the recorded one: nobody goes back to them."""
        for token in self._stale:
            self._upload.drop_tail(token)
        self._stale = ()

    def _require_mine(self) -> None:
        if self.revoked:
            raise WriterRevoked(
                f"Upload {self._upload.id} has a newer writer or has ended: this writer's bytes are refused, "
                "ask for the upload's offset and go on from there"
            )
