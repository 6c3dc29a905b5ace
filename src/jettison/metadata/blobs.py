"""Blobs: a digest's stored bytes, and the links by which repositories have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from jettison.metadata import garbage
from jettison.metadata.database import Row, Transaction
from jettison.oci.digest import Digest


class Damage(IntEnum):
    """What is known of the bytes at a key, worse being more."""

    NONE = 0
    MISSING = 1
    """They are missing, or not as many as they were. They may come back, with the disk they lie on."""
    WRONG = 2
    """They are others than those that were pushed."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob that a repository has. ``leased_until`` (microseconds since 1970) is None while a manifest needs it."""

    id: int
    digest: Digest
    size: int
    key: str
    leased_until: int | None
    damage: Damage


FIND = """select b.id, b.digest, b.size, b.key, l.leased_until, s.damaged
          from repository r join blob b on b.digest = :digest
          join repository_blob l on l.repository = r.id and l.blob = b.id
          join stored s on s.key = b.key
          where r.name = :name and r.deletion is null"""


def find(tx: Transaction, name: str, digest: Digest) -> StoredBlob | None:
    """The blob as the live repository ``name`` has it: linked, and held by a manifest or by a lease that runs."""
    row = tx.one(FIND, name=name, digest=digest.packed)
    if row is None or (row[4] is not None and row[4] <= tx.now):
        return None
    return _stored(row)


def find_anywhere(tx: Transaction, digest: Digest) -> tuple[int, int] | None:
    """The id and size of the blob if any repository has it, live or hidden, and no damage to its bytes is known."""
    row = tx.one(
        """select b.id, b.size from blob b join stored s on s.key = b.key
           where b.digest = :digest and s.damaged = 0""",
        digest=digest.packed,
    )
    return (row[0], row[1]) if row else None


def visible_somewhere(tx: Transaction, digest: Digest, limit: int) -> list[str]:
    """Names of at most ``limit`` live repositories that have the blob."""
    rows = tx.all(
        """select r.name from blob b join repository_blob l on l.blob = b.id join repository r on r.id = l.repository
           where b.digest = :digest and r.deletion is null and (l.leased_until is null or l.leased_until > :now)
           order by r.name limit :limit""",
        digest=digest.packed,
        now=tx.now,
        limit=limit,
    )
    return [row[0] for row in rows]


def _stored(row: Row) -> StoredBlob:
    return StoredBlob(row[0], Digest.unpack(row[1]), row[2], row[3], row[4], Damage(row[5]))


def linked(tx: Transaction, repository: int, digests: Iterable[Digest]) -> dict[Digest, int]:
    """The ids of those of ``digests`` that the repository has a link to, locked in digest order until the commit.

    A link whose lease has run out counts: while its row is there, nothing has taken its bytes.
    """
    rows = tx.all(
        """select b.digest, b.id from blob b join repository_blob l on l.blob = b.id
           where l.repository = :repository and b.digest in :digests order by b.digest for no key update of l""",
        repository=repository,
        digests=[digest.packed for digest in digests],
    )
    return {Digest.unpack(digest): id for digest, id in rows}


def linked_in_hidden(tx: Transaction, name: str, digests: Iterable[Digest]) -> dict[Digest, int]:
    """The same for what deletions took out of the repository ``name``: a push across them may have it back."""
    rows = tx.all(
        """select b.digest, b.id from repository r join repository_blob l on l.repository = r.id
           join blob b on b.id = l.blob
           where r.name = :name and r.deletion is not null and b.digest in :digests
           order by b.digest for key share of l""",
        name=name,
        digests=[digest.packed for digest in digests],
    )
    return {Digest.unpack(digest): id for digest, id in rows}


def link(tx: Transaction, repository: int, blob: int, leased_until: int | None) -> None:
    """Give the repository the blob, under a lease; an existing lease is only made longer, a held link stays held."""
    tx.run(
        """insert into repository_blob (repository, blob, leased_until) values (:repository, :blob, :until)
           on conflict (repository, blob) do update set leased_until = excluded.leased_until
           where repository_blob.leased_until < excluded.leased_until""",
        repository=repository,
        blob=blob,
        until=leased_until,
    )


def extend_lease(tx: Transaction, repository_name: str, digest: Digest, until: int) -> bool:
    """Make the lease of an unreferenced link last until then, at least; False if the repository lacks the blob."""
    tx.run(
        """update repository_blob set leased_until = :until
           where repository = (select id from repository where name = :name and deletion is null)
           and blob = (select id from blob where digest = :digest) and leased_until < :until""",
        name=repository_name,
        digest=digest.packed,
        until=until,
    )
    return find(tx, repository_name, digest) is not None


def store(tx: Transaction, digest: Digest, size: int, key: str, discard_after: int) -> tuple[int, bool]:
    """Record that ``key`` holds the digest's bytes; the blob's id, and False if another key already holds them.

    Bytes that are known to be damaged do not count: ``key`` takes their place, and theirs is discarded, from
    ``discard_after`` (microseconds since 1970) on.
    """
    found = tx.one("select id from blob where digest = :digest for key share", digest=digest.packed)
    if found is not None:
        return found[0], _heal(tx, found[0], size, key, discard_after)
    _add_stored(tx, key, size)
    row = tx.one(
        "insert into blob (digest, size, key) values (:digest, :size, :key) returning id",
        digest=digest.packed,
        size=size,
        key=key,
    )
    assert row is not None
    return int(row[0]), True


def _heal(tx: Transaction, blob: int, size: int, key: str, discard_after: int) -> bool:
    if _damaged_key(tx, blob) is None:
        return False
    # Of two who bring the same bytes at once, the second waits here and then sees what the first has done.
    tx.one("select 1 from blob where id = :id for no key update", id=blob)
    damaged = _damaged_key(tx, blob)
    if damaged is None:
        return False
    _add_stored(tx, key, size)
    # Another digest that shares the damaged bytes keeps them: nothing proves that it would be right with these.
    tx.run("update blob set key = :key, size = :size where id = :id", key=key, size=size, id=blob)
    garbage.discard(tx, [damaged], discard_after)
    return True


def _damaged_key(tx: Transaction, blob: int) -> str | None:
    row = tx.one("select s.key from blob b join stored s on s.key = b.key where b.id = :id and s.damaged <> 0", id=blob)
    return row[0] if row else None


def _add_stored(tx: Transaction, key: str, size: int) -> None:
    tx.run("insert into stored (key, size) values (:key, :size)", key=key, size=size)


def damage_of(tx: Transaction, key: str) -> Damage | None:
    """What is known of the bytes at ``key``; None where nothing names it (any more)."""
    row = tx.one("select damaged from stored where key = :key", key=key)
    return Damage(row[0]) if row else None


def mark(tx: Transaction, key: str, damage: Damage) -> bool:
    """Record what is now known of the bytes at ``key``; False if that was known, or nothing names it (any more)."""
    changed = tx.run(
        "update stored set damaged = :damage where key = :key and damaged <> :damage", key=key, damage=int(damage)
    )
    return changed == 1
