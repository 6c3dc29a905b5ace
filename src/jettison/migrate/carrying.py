"""Carrying bytes from one storage to another, key by key, each hashed on its way and none twice.

Adopted bytes get a new key, since nothing is ever written into a tree of distribution: the same one in every attempt.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from jettison.blobs.store import Blobs, BytesMissing, Key
from jettison.metadata import check, moves
from jettison.metadata.blobs import Damage
from jettison.metadata.check import StoredRow
from jettison.metadata.moves import Moved
from jettison.oci.digest import Digest
from jettison.registry.finding import Progress, Tell
from jettison.registry.points import reach
from jettison.registry.registry import Registry

THREADS = 4
PIECE = 1024 * 1024
KEYS_A_LOOK = 500
_NEW_KEY = 32


@dataclass(slots=True)
class Carried:
    """What one attempt has carried: blobs and their bytes; ``there`` were at the target before.

    ``lost`` has the keys whose bytes are missing or others than they were, without those of which that was known.
    """

    blobs: int = 0
    bytes: int = 0
    there: int = 0
    lost: list[str] = field(default_factory=list)


class Carrier:
    """Carries the bytes of ``source`` to ``target``, for the move ``id``."""

    def __init__(self, source: Registry, target: Registry, id: str) -> None:
        self._source = source
        self._target = target
        self._id = id

    def carry(self, tell: Tell) -> Carried:
        """Carry all that is not there yet. What goes from the source meanwhile is passed over, and told as lost."""
        carried = Carried()
        done = 0
        _, total = self._source.database.read(moves.volume)
        with ThreadPoolExecutor(THREADS, "carry") as threads:
            for rows in self._pages():
                known = self._target.database.read(partial(moves.among, keys=[row.key for row in rows]))
                wanted = [row for row in rows if row.key not in known or _may_get_well(row, known[row.key])]
                done += sum(row.size for row in rows) - sum(row.size for row in wanted)
                carried.there += len(rows) - len(wanted)
                for moved, here in _each(threads, [partial(self._carry, row) for row in wanted]):
                    self._target.database.write(partial(moves.note, moved=moved), durable=False)
                    reach("move.noted")
                    self._count(carried, moved, here=here)
                    done += moved.size
                    tell(Progress("bytes", done, max(total, done), in_bytes=True))
        carried.lost = [key for key in carried.lost if self._is_news(key)]
        return carried

    def drop_unneeded(self) -> int:
        """Delete what came and is needed by no row that came; how many blobs."""
        dropped = 0
        while found := self._target.database.read(lambda tx: moves.unnamed(tx, KEYS_A_LOOK)):
            for moved in found:
                self._target.blobs.delete(Key(moved.new_key))
            self._target.database.write(partial(moves.drop, keys=[moved.key for moved in found]))
            dropped += len(found)
        return dropped

    def _pages(self) -> Iterator[list[StoredRow]]:
        last = ""
        while rows := self._source.database.read(partial(check.stored_after, last=last, limit=KEYS_A_LOOK)):
            yield rows
            last = rows[-1].key

    def _is_news(self, key: str) -> bool:
        """Whether the source still needs these bytes, and does not know that they are not right."""
        rows = self._source.database.read(lambda tx: check.stored_after(tx, key[:-1], 50))
        return any(row.key == key and row.damage is Damage.NONE for row in rows)

    @staticmethod
    def _count(carried: Carried, moved: Moved, *, here: bool) -> None:
        if moved.damaged:
            carried.lost.append(moved.key)
        elif here:
            carried.there += 1
        else:
            carried.blobs += 1
            carried.bytes += moved.size

    def _carry(self, row: StoredRow) -> tuple[Moved, bool]:
        """Have the bytes of ``row`` at the target: what became of them, and whether they were there before."""
        key = self._new_key(row.key)
        upload = str(uuid.uuid5(uuid.UUID(self._id), row.key))
        digest = row.blobs[0][0] if row.blobs else None
        here = self._target.blobs.size(key) is not None
        if here and _is(self._target.blobs, key, row.size, digest):
            self._target.blobs.finish(upload, key, None)
            return Moved(row.key, key, row.size, Damage.NONE), True
        if here:
            self._target.blobs.delete(key)
        damage = self._copy(row, key, upload, digest)
        return Moved(row.key, key, row.size, damage), False

    def _copy(self, row: StoredRow, key: Key, upload: str, digest: Digest | None) -> Damage:
        source, target = self._source.blobs, self._target.blobs
        try:
            pieces = source.read(Key(row.key), 0, row.size, PIECE)
        except BytesMissing:
            return Damage.MISSING
        hashed = hashlib.new(digest.algorithm if digest else "sha256")
        state: str | None = None
        with contextlib.closing(pieces), contextlib.closing(target.writer(upload, key, None, 0)) as writer:
            while True:
                try:
                    piece = next(pieces, b"")
                except BytesMissing:
                    target.abandon(upload, key, state)
                    return Damage.MISSING
                if not piece:
                    break
                hashed.update(piece)
                writer.write(piece)
            state = writer.sync()
        target.keep(upload, key, state, row.size)
        reach("move.kept")
        target.finish(upload, key, state)
        return Damage.NONE if digest is None or hashed.hexdigest() == digest.hex else Damage.WRONG

    def _new_key(self, key: str) -> Key:
        if ":" not in key:
            return Key(key)
        return Key(hashlib.sha256(f"{self._id} {key}".encode()).hexdigest()[:_NEW_KEY])


def _may_get_well(row: StoredRow, known: Moved) -> bool:
    """Whether bytes that could not be carried are to be tried again, the source not having given them up."""
    return bool(known.damaged) and row.damage is Damage.NONE


def _is(blobs: Blobs, key: Key, size: int, digest: Digest | None) -> bool:
    """Whether the bytes at ``key`` are those of ``digest``."""
    if blobs.size(key) != size:
        return False
    if digest is None:
        return True
    hashed = hashlib.new(digest.algorithm)
    for piece in blobs.read(key, 0, size, PIECE):
        hashed.update(piece)
    return hashed.hexdigest() == digest.hex


def _each(threads: ThreadPoolExecutor, works: list[partial[tuple[Moved, bool]]]) -> Iterator[tuple[Moved, bool]]:
    """The results of all, as they come; after the first failure none is begun any more."""
    waiting: set[Future[tuple[Moved, bool]]] = {threads.submit(work) for work in works}
    try:
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        for future in waiting:
            future.cancel()
