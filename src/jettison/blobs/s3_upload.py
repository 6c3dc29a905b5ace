"""One upload in a bucket: the small objects that say it is there, its tails, and how it becomes a blob.

    uploads/<upload>.<key>.<token>          a tail, which also marks the upload
    uploads/<upload>.<key>.<token>.parts    marks that multipart uploads of the blob's object may be running

A mark lies there before anything lies at the key, and goes after all else has gone. So what lies at the key was never
committed while there is one; where there is none, nothing at the key is to be touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import uuid
from collections.abc import Callable, Iterator, Sequence

from botocore.response import StreamingBody

from jettison.blobs import multipart
from jettison.blobs.answers import Refused, answered
from jettison.blobs.multipart import Part, Progress
from jettison.blobs.objects import Object, Objects
from jettison.blobs.places import is_upload, object_name
from jettison.blobs.store import AlreadyKept, BytesMissing, Key, KeyTaken

FOLDER = "uploads/"

_MARK = re.compile(r"uploads/(?P<upload>[0-9a-f-]+)\.(?P<key>[0-9a-f]{32})\.[0-9a-f]{32}(?P<parts>\.parts)?")
_PIECE = 1024 * 1024


class S3Upload:
    """The objects of one upload, whose bytes become those at ``key``. For any number of threads."""

    def __init__(self, objects: Objects, upload: str, key: Key) -> None:
        self.objects = objects
        self.id = upload
        self.key = key
        self.name = object_name(key)

    # ------------------------------------------------------------------------------------------------------ arriving

    def put_tail(self, body: bytes | bytearray) -> str:
        """Put bytes that are too few for a part into a new object; the token that names it."""
        token = uuid.uuid4().hex
        self.objects.put(self._tail(token), body)
        return token

    def tail(self, progress: Progress) -> bytes:
        """The bytes of the tail. Raises BytesMissing."""
        if not progress.tail:
            return b""
        found = self.objects.read(self._tail(progress.tail))
        if found is None or len(found) != progress.tail_size:
            raise self._missing(f"its tail has {len(found or b'')} of {progress.tail_size} bytes")
        return found

    def drop_tail(self, token: str) -> None:
        """Drop a tail that nobody needs any more."""
        self.objects.delete(self._tail(token))

    def begin(self) -> str:
        """Begin a multipart upload of the object at the key; its id."""
        self.objects.put(f"{self._tail(uuid.uuid4().hex)}.parts", b"")
        return multipart.begin(self.objects, self.name, self.id)

    def send(self, id: str, before: Sequence[Part], body: bytes | bytearray) -> Part:
        """Send one more part of the multipart upload ``id``. Raises AlreadyKept, BytesMissing where that has ended."""
        try:
            return multipart.send(self.objects, self.name, id, before, body)
        except Refused as refused:
            if not refused.is_ended:
                raise
        self.refuse_if_kept()
        raise self._missing("its multipart upload is gone")

    def refuse_if_kept(self) -> None:
        """Raise AlreadyKept where the upload is the object at the key."""
        found = self.objects.look(self.name)
        if found is not None and found.upload == self.id:
            raise self._kept()

    # ------------------------------------------------------------------------------------------------------- keeping

    def keep(self, progress: Progress) -> None:
        """Make all bytes so far the object at the key. Raises BytesMissing, AlreadyKept, KeyTaken."""
        if progress.multipart:
            self._keep_parts(progress)
        else:
            self._keep_whole(progress)

    def _keep_whole(self, progress: Progress) -> None:
        if not progress.tail:
            self.put_tail(b"")
        try:
            body = self.tail(progress)
        except BytesMissing:
            self.refuse_if_kept()
            raise
        refusal = None
        if self.objects.conditional or self.objects.look(self.name) is None:
            try:
                self.objects.put(self.name, body, self.id, once=True)
            except Refused as refused:
                if not refused.is_taken:
                    raise
                refusal = refused
            else:
                return
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._settle(len(body), lambda found: found.md5 == md5, refusal)

    def _keep_parts(self, progress: Progress) -> None:
        parts = list(progress.parts)
        tail = self.tail(progress)
        try:
            if tail:
                parts.append(multipart.send(self.objects, self.name, progress.multipart, parts, tail))
            multipart.complete(self.objects, self.name, progress.multipart, parts)
        except Refused as refused:
            if refused.code in ("InvalidPart", "InvalidPartOrder"):
                raise self._missing("another request has sent a part in the place of one of its") from refused
            if not (refused.is_ended or refused.is_taken):
                raise
            refusal = refused
        else:
            return
        md5s = [(part.size, part.md5) for part in progress.parts]
        if tail:
            md5s.append((len(tail), hashlib.md5(tail, usedforsecurity=False).hexdigest()))
        self._settle(progress.size, lambda found: self._consists_of(found, md5s), refusal)

    def _settle(self, size: int, is_it: Callable[[Object], bool], refusal: Refused | None) -> None:
        """Something lies at the key: success where it is what was to be kept, an answer having been lost."""
        found = self.objects.look(self.name)
        if found is None and refusal is not None and refusal.is_undecided:
            # Nothing is lost: whoever keeps again gets there, or finds what a twin has put.
            raise refusal
        if found is None:
            raise self._missing("its multipart upload is gone")
        if found.upload != self.id:
            raise KeyTaken(f"{self.name} exists and is another blob: begin the upload again with a new key")
        if found.size != size or not is_it(found):
            raise self._kept()

    def _consists_of(self, found: Object, md5s: Sequence[tuple[int, str]]) -> bool:
        if found.etag == multipart.etag_of([md5 for _, md5 in md5s]):
            return True
        # Engines that encrypt have ETags of their own: then the bytes say it.
        opened = self.objects.open(self.name)
        if opened is None:
            return False
        with answered(), contextlib.closing(opened.body) as body:
            return all(_md5_of(body, size) == md5 for size, md5 in md5s)

    # -------------------------------------------------------------------------------------------------------- ending

    def _tail(self, token: str) -> str:
        return f"{FOLDER}{self.id}.{self.key}.{token}"

    def _missing(self, why: str) -> BytesMissing:
        return BytesMissing(
            f"upload {self.id} has lost bytes that were recorded: {why}. Start the upload again, and see that no rule "
            "of the bucket drops objects or ends uploads"
        )

    def _kept(self) -> AlreadyKept:
        return AlreadyKept(
            f"Upload {self.id} was kept already and takes no more bytes: keep it again as it is, "
            "or abandon it and begin a new one"
        )


def drop(objects: Objects, upload: str, *, with_blob: bool) -> None:
    """Drop all that lies anywhere for an upload; ``with_blob`` also what it has put at its key. Nothing is success."""
    marks = {name: _MARK.fullmatch(name) for name, _ in objects.list(f"{FOLDER}{upload}.")}
    # Before looking: what cannot be completed any more does not come after it.
    for name in {object_name(Key(found["key"])) for found in marks.values() if found and found["parts"]}:
        multipart.abort_all(objects, name)
    for name in {object_name(Key(found["key"])) for found in marks.values() if found and with_blob}:
        there = objects.look(name)
        if there is not None and there.upload == upload:
            objects.delete(name)
    for name in marks:
        objects.delete(name)


def found(objects: Objects) -> Iterator[str]:
    """The ids of the uploads that have a mark, once each."""
    last = ""
    for name, _ in objects.list(FOLDER):
        mark = _MARK.fullmatch(name)
        if mark and is_upload(mark["upload"]) and mark["upload"] != last:
            last = mark["upload"]
            yield last


def _md5_of(body: StreamingBody, size: int) -> str:
    md5 = hashlib.md5(usedforsecurity=False)
    while size and (piece := body.read(min(size, _PIECE))):
        md5.update(piece)
        size -= len(piece)
    return md5.hexdigest()
