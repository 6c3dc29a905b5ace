"""All bytes at rest as they were last counted, and on the days before."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction
from jettison.metadata.space import Partition, Returning
from jettison.oci.digest import Digest

DAY = 86_400_000_000
DAYS_KEPT = 366


@dataclass(frozen=True, slots=True)
class Shared:
    """A blob that several live ``repositories`` (how many) have."""

    digest: Digest
    size: int
    repositories: int


@dataclass(frozen=True, slots=True)
class Disk:
    """All bytes at rest as they were ``counted_at``, what of them comes back by itself, and the largest shared ones."""

    counted_at: int
    bytes: Partition
    returning: tuple[Returning, ...]
    shared: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The bytes at rest as they were last counted on a day (UTC), at ``counted_at``: microseconds since 1970."""

    counted_at: int
    bytes: Partition


def largest_shared(tx: Transaction, limit: int) -> list[Shared]:
    """The blobs that take the most space of those that several live repositories have. Looks at every link."""
    rows = tx.all(
        """select b.digest, b.size, h.repositories
           from (select l.blob, count(*) as repositories from repository_blob l join repository r on r.id = l.repository
                 where r.deletion is null group by l.blob having count(*) > 1) as h
           join blob b on b.id = h.blob order by b.size desc, b.digest limit :limit""",
        limit=limit,
    )
    return [Shared(Digest.unpack(digest), size, repositories) for digest, size, repositories in rows]


def store(tx: Transaction, disk: Disk) -> None:
    """Keep what was counted, in place of what was counted before on the same day; forget what is too long ago."""
    day = disk.counted_at // DAY
    tx.run("delete from disk_day where day = :day or day <= :last", day=day, last=day - DAYS_KEPT)
    tx.run(
        """insert into disk_day (day, counted_at, exclusive, shared, undo, garbage, uploads)
           values (:day, :at, :exclusive, :shared, :undo, :garbage, :uploads)""",
        day=day,
        at=disk.counted_at,
        exclusive=disk.bytes.exclusive,
        shared=disk.bytes.shared,
        undo=disk.bytes.undo,
        garbage=disk.bytes.garbage,
        uploads=disk.bytes.uploads,
    )
    tx.run("delete from disk_returning")
    tx.many(
        """insert into disk_returning (why, blobs, bytes, first_at, last_at)
           values (:why, :blobs, :bytes, :first, :last)""",
        [{"why": r.why, "blobs": r.blobs, "bytes": r.bytes, "first": r.first, "last": r.last} for r in disk.returning],
    )
    tx.run("delete from disk_shared")
    tx.many(
        "insert into disk_shared (digest, size, repositories) values (:digest, :size, :repositories)",
        [{"digest": s.digest.packed, "size": s.size, "repositories": s.repositories} for s in disk.shared],
    )


def last(tx: Transaction) -> Disk | None:
    """What was counted last; None where nothing was yet."""
    row = tx.one("select counted_at, exclusive, shared, undo, garbage, uploads from disk_day order by day desc limit 1")
    if row is None:
        return None
    return Disk(row[0], Partition(*row[1:]), tuple(_returning(tx)), tuple(_shared(tx)))


def days(tx: Transaction, number: int) -> list[Day]:
    """What was counted on the last ``number`` days, the oldest first, without those on which nothing was."""
    rows = tx.all(
        """select counted_at, exclusive, shared, undo, garbage, uploads from disk_day
           where day > :since order by day""",
        since=tx.now // DAY - number,
    )
    return [Day(row[0], Partition(*row[1:])) for row in rows]


def _returning(tx: Transaction) -> list[Returning]:
    rows = tx.all("select why, blobs, bytes, first_at, last_at from disk_returning order by why")
    return [Returning(*row) for row in rows]


def _shared(tx: Transaction) -> list[Shared]:
    rows = tx.all("select digest, size, repositories from disk_shared order by size desc, digest")
    return [Shared(Digest.unpack(digest), size, repositories) for digest, size, repositories in rows]
