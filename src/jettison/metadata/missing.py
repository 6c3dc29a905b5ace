"""What manifests name and their repository does not have: it was never pushed, where that is accepted, or deleted.

It becomes a blob or a child that its manifest holds in the transaction that brings it.
"""

from __future__ import annotations

from collections.abc import Iterable

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.media_types import INDEX_TYPES


def remember(tx: Transaction, repository: int, manifest: int, digests: Iterable[Digest]) -> None:
    """Remember what the manifest lacks."""
    rows = [{"manifest": manifest, "repository": repository, "digest": digest.packed} for digest in digests]
    if rows:
        tx.many(
            """insert into missing (manifest, repository, digest) values (:manifest, :repository, :digest)
               on conflict do nothing""",
            rows,
        )


def is_waiting(tx: Transaction, manifest: int) -> bool:
    """Whether the manifest lacks anything."""
    return tx.one("select 1 from missing where manifest = :manifest limit 1", manifest=manifest) is not None


def forget(tx: Transaction, manifest: int) -> None:
    """Forget all that the manifest lacks."""
    tx.run("delete from missing where manifest = :manifest", manifest=manifest)


def lacked_by(tx: Transaction, manifests: list[int]) -> list[Digest]:
    """All that these manifests lack."""
    rows = tx.all("select distinct digest from missing where manifest in :manifests", manifests=manifests)
    return [Digest.unpack(row[0]) for row in rows]


def settle(tx: Transaction, repository: int, digests: Iterable[Digest]) -> None:
    """Let the manifests that wait for ``digests`` hold those that the repository has by now; they wait no longer."""
    rows = tx.all(
        "select distinct digest from missing where repository = :repository and digest in :digests",
        repository=repository,
        digests=[digest.packed for digest in digests],
    )
    if rows:
        for statement in _SETTLE:
            tx.run(statement, repository=repository, digests=[row[0] for row in rows], indexes=sorted(INDEX_TYPES))


# What an index lists and its repository has both as a manifest and as a blob is held as the manifest.
_SETTLE = (
    """insert into manifest_child (parent, child)
       select x.manifest, m.id from missing x
       join manifest m on m.repository = x.repository and m.digest = x.digest
       where x.repository = :repository and x.digest in :digests on conflict do nothing""",
    """insert into manifest_blob (manifest, repository, blob)
       select x.manifest, x.repository, l.blob from missing x
       join blob b on b.digest = x.digest join repository_blob l on l.repository = x.repository and l.blob = b.id
       where x.repository = :repository and x.digest in :digests
       and not (exists (select 1 from manifest p where p.id = x.manifest and p.media_type in :indexes)
                and exists (select 1 from manifest m where m.repository = x.repository and m.digest = x.digest))
       on conflict do nothing""",
    """update repository_blob set leased_until = null
       where repository = :repository and leased_until is not null
       and blob in (select b.id from missing x join blob b on b.digest = x.digest
                    where x.repository = :repository and x.digest in :digests)
       and exists (select 1 from manifest_blob b
                   where b.repository = repository_blob.repository and b.blob = repository_blob.blob)""",
    """delete from missing where repository = :repository and digest in :digests
       and (exists (select 1 from manifest m where m.repository = missing.repository and m.digest = missing.digest)
            or exists (select 1 from blob b join repository_blob l on l.blob = b.id
                       where b.digest = missing.digest and l.repository = missing.repository))""",
)
