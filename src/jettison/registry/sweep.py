"""The sweep: gives back what nothing needs any more, in small transactions, beside everything else.

    expire deletions -> drop what expired and purged ones held -> drop links whose lease is over
    -> drop blobs that no repository has, discarding their keys -> delete discarded bytes -> drop abandoned uploads

Nothing is found by scanning: whatever loses a holder is queued by the transaction that takes it. Only the step that
discards keys waits for the disk, and makes all before it durable too: what power loss undoes of those is done again.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import partial

from jettison.blobs.store import Key
from jettison.metadata import attempts, audit, deletions, garbage, leases, repositories, sweeps, uploads
from jettison.metadata.database import Lock, Transaction
from jettison.registry.points import reach
from jettison.registry.registry import MICROSECONDS, Registry

STEP = 50
"""Rows that one transaction looks at: a push that meets one waits for no more than that."""

LONGEST_REST = 0.05
"""Seconds. After each step the sweep rests for as long as that kept a processor busy, and leaves it to requests."""

LEASE = 60 * MICROSECONDS
RENEWED = LEASE // 6
"""The lease is lengthened when so much of it is over: that is a write, which waits for others."""

LEASE_NAME = "sweep"


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did: rows dropped by their kind, ``files`` deleted, and so many ``bytes`` of files and uploads."""

    deletions: int = 0
    links: int = 0
    blobs: int = 0
    uploads: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: Swept) -> Swept:
        """Both."""
        return Swept(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(Swept)))

    def __bool__(self) -> bool:
        """Whether it did anything."""
        return self != Swept()


def holder_name() -> str:
    """A name for this process that no other has."""
    return f"{os.uname().nodename}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def sweep(registry: Registry, holder: str, progress: Callable[[Swept], None] = lambda _: None) -> Swept | None:
    """Sweep until there is nothing to do now; None if another process is at it.

    ``progress`` is called with what was done so far after each step. Raises Unavailable, nothing being lost.
    """
    if not _hold_lease(registry, holder):
        return None
    started_at = registry.database.read(lambda tx: tx.now)
    done = Swept()
    try:
        for did in _steps(registry, holder, started_at):
            done += did
            progress(done)
    finally:
        registry.database.write(lambda tx: _end(tx, holder, started_at, done), durable=False)
    return done


def _steps(registry: Registry, holder: str, held_at: int) -> Iterator[Swept]:
    """What each step did, until nothing is left to do, or another process has the lease."""
    for step in _STEPS:
        while (did := _take(step, registry)) is not None:
            yield did
            reach("sweep.lease")
            now = registry.database.read(lambda tx: tx.now)
            if now - held_at >= RENEWED:
                if not _hold_lease(registry, holder):
                    return
                held_at = now


def _hold_lease(registry: Registry, holder: str) -> bool:
    """Take the lease, or lengthen it; False if another process has it."""
    return registry.database.write(lambda tx: leases.take(tx, LEASE_NAME, holder, LEASE), durable=False)


def _take(step: Callable[[Registry], Swept | None], registry: Registry) -> Swept | None:
    began = time.thread_time()
    did = step(registry)
    if did is not None:
        time.sleep(min(time.thread_time() - began, LONGEST_REST))
    return did


def _end(tx: Transaction, holder: str, started_at: int, done: Swept) -> None:
    if done:
        sweeps.record(tx, holder=holder, started_at=started_at, **{f.name: getattr(done, f.name) for f in fields(done)})
    leases.release(tx, LEASE_NAME, holder)


def _expire(registry: Registry) -> Swept | None:
    reach("sweep.expire")
    registry.database.write(garbage.expire, durable=False)
    return None


def _drop_hidden(registry: Registry) -> Swept | None:
    """Drop one hidden repository, some rows at a time."""
    found = registry.database.read(lambda tx: garbage.over(tx, 1))
    if not found:
        return None
    [(repository, name, deletion)] = found
    reach("sweep.hidden")
    if not registry.database.write(lambda tx: garbage.drop_hidden(tx, repository), Lock.alone(name), durable=False):
        return Swept()
    left = registry.database.read(lambda tx: deletions.hidden_repositories(tx, deletion))
    return Swept(deletions=0 if left else 1)


def _drop_leased(registry: Registry) -> Swept | None:
    reach("sweep.leases")
    links, names = registry.database.write(lambda tx: garbage.drop_leased(tx, STEP), durable=False)
    for name in names:
        reach("sweep.empty")
        registry.database.write(partial(repositories.drop_empty, name=name), Lock.alone(name), durable=False)
    return Swept(links=links) if links else None


def _drop_unlinked(registry: Registry) -> Swept | None:
    reach("sweep.blobs")
    settled, dropped = registry.database.write(
        lambda tx: garbage.drop_unlinked(tx, tx.now + registry.rules.sweep_grace, STEP)
    )
    return Swept(blobs=dropped) if settled else None


def _delete_discarded(registry: Registry) -> Swept | None:
    """Delete bytes, then forget their keys: a crash in between deletes a missing file again."""
    keys = registry.database.read(lambda tx: garbage.discarded(tx, STEP))
    for discarded in keys:
        reach("sweep.file")
        registry.blobs.delete(Key(discarded.key))
    if not keys:
        return None
    reach("sweep.forget")
    registry.database.write(lambda tx: garbage.forget(tx, [discarded.key for discarded in keys]), durable=False)
    swept = Swept(files=len(keys), bytes=sum(discarded.size for discarded in keys))
    registry.tally.freed(swept.files, swept.bytes)
    return swept


def _drop_uploads(registry: Registry) -> Swept | None:
    """Drop sessions that nobody has touched for long, and those whose end a crash cut short."""
    found = registry.database.read(lambda tx: uploads.abandoned(tx, tx.now - registry.rules.upload_age, STEP))
    dropped = 0
    for row in found:
        reach("sweep.upload")
        if row.ended or registry.database.write(partial(uploads.end_idle, found=row)):
            reach("sweep.abandon")
            registry.blobs.abandon(row.id, Key(row.key), row.state)
            registry.database.write(partial(uploads.remove, id=row.id), durable=False)
            dropped += row.received
    return Swept(uploads=len(found), bytes=dropped) if found else None


def _forget(registry: Registry) -> Swept | None:
    """Drop what the audit log no longer keeps, and counts of sign-ins that say nothing any more."""
    kept = registry.rules.audit_kept

    def work(tx: Transaction) -> int:
        dropped = audit.drop(tx, tx.now - kept, STEP) if kept else 0
        return dropped + attempts.drop_stale(tx, STEP)

    return Swept() if registry.database.write(work, durable=False) else None


_STEPS = (_expire, _drop_hidden, _drop_leased, _drop_unlinked, _delete_discarded, _drop_uploads, _forget)


def finish_leftovers(registry: Registry) -> int:
    """Drop what uploads left that became blobs just before a crash; how many. For the start of a server.

    Storage that holds something of an upload without a row has already committed it: the row comes before the first
    byte, and goes with the commit or after the bytes.
    """
    left = 0
    for id in registry.blobs.uploads():
        if not registry.database.read(lambda tx, id=id: uploads.exists(tx, id)):  # type: ignore[misc]
            registry.blobs.finish(id)
            left += 1
    return left
