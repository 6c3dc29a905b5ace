"""Blobs: a digest's stored bytes, and the links by which repositories have them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob that a repository has. ``leased_until`` (microseconds since 1970) is None while a manifest needs it."""

    id: int
    digest: Digest
    size: int
    key: str
    leased_until: int | None


FIND = """select b.id, b.digest, b.size, b.key, l.leased_until
          from repository r join blob b on b.digest = :digest
          join repository_blob l on l.repository = r.id and l.blob = b.id
          where r.name = :name and r.deletion is null"""


def find(tx: Transaction, name: str, digest: Digest) -> StoredBlob | None:
    """The blob as the live repository ``name`` has it: linked, and held by a manifest or by a lease that runs."""
    row = tx.one(FIND, name=name, digest=digest.packed)
    if row is None or (row[4] is not None and row[4] <= tx.now):
        return None
    return _stored(row)


def find_anywhere(tx: Transaction, digest: Digest) -> tuple[int, int] | None:
    """The id and size of the blob if any repository has it, live or hidden."""
    row = tx.one("select id, size from blob where digest = :digest", digest=digest.packed)
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
    return StoredBlob(row[0], Digest.unpack(row[1]), row[2], row[3], row[4])


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


def extend_lease(tx: Transaction, repository_name: str, blob: int, until: int) -> None:
    """Make the lease of an unreferenced link last until then, at least."""
    tx.run(
        """update repository_blob set leased_until = :until
           where repository = (select id from repository where name = :name and deletion is null)
           and blob = :blob and leased_until < :until""",
        name=repository_name,
        blob=blob,
        until=until,
    )


def store(tx: Transaction, digest: Digest, size: int, key: str) -> tuple[int, bool]:
    """Record that ``key`` holds the digest's bytes; the blob's id, and False if another key already holds them."""
    found = tx.one("select id from blob where digest = :digest for key share", digest=digest.packed)
    if found is not None:
        return int(found[0]), False
    tx.run("insert into stored (key, size) values (:key, :size)", key=key, size=size)
    row = tx.one(
        "insert into blob (digest, size, key) values (:digest, :size, :key) returning id",
        digest=digest.packed,
        size=size,
        key=key,
    )
    assert row is not None
    return int(row[0]), True
