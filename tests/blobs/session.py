from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass, field
from random import Random

from jettison.blobs.store import Blobs, Key


def new_upload() -> str:
    """An upload id as the registry makes them."""
    return str(uuid.uuid4())


def content(length: int, seed: int = 0) -> bytes:
    """Bytes of which no two places look alike, the same for the same seed."""
    return Random(seed).randbytes(length)


@dataclass
class Session:
    """An upload as its row remembers it, driving storage as the registry does."""

    key: Key
    upload: str = field(default_factory=new_upload)
    state: str | None = None
    offset: int = 0

    def receive(self, blobs: Blobs, *pieces: bytes | bytearray | memoryview) -> None:
        """One request: go on at the recorded offset, write, make durable, record."""
        with contextlib.closing(blobs.writer(self.upload, self.key, self.state, self.offset)) as writer:
            for piece in pieces:
                writer.write(piece)
            self.state, self.offset = writer.sync(), writer.offset

    def receive_unrecorded(self, blobs: Blobs, piece: bytes) -> None:
        """A request whose process dies before it records anything."""
        blobs.writer(self.upload, self.key, self.state, self.offset).write(piece)

    def keep(self, blobs: Blobs) -> None:
        """Make the recorded bytes the blob."""
        blobs.keep(self.upload, self.key, self.state, self.offset)

    def finish(self, blobs: Blobs) -> None:
        """What follows the commit."""
        blobs.finish(self.upload, self.key, self.state)

    def abandon(self, blobs: Blobs) -> None:
        """The end of an upload that was never committed."""
        blobs.abandon(self.upload, self.key, self.state)


def store(blobs: Blobs, *pieces: bytes | bytearray | memoryview) -> Key:
    """A blob of these pieces, through its whole life."""
    session = Session(blobs.new_key())
    session.receive(blobs, *pieces)
    session.keep(blobs)
    session.finish(blobs)
    return session.key


def read(blobs: Blobs, key: Key, start: int = 0, stop: int | None = None) -> bytes:
    """The bytes of a blob, or of a part of it."""
    return b"".join(blobs.read(key, start, stop))
