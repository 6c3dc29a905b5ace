"""Moving rows out of a live repository into a hidden one, and copying what both need.

A hidden repository holds all that its restoring needs: what something live or another deletion shares is copied, so
that purging one deletion never breaks another.
"""

from __future__ import annotations

from collections.abc import Iterable

from jettison.metadata import graph, missing
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest


def take_manifests(tx: Transaction, repository: int, hidden: int, manifests: Iterable[int]) -> None:
    """Move the manifests, their tags and the links that only they needed into ``hidden``.

    An index that stays and holds one of them remembers it as missing; a child that stays is copied for its parent.
    """
    ids = sorted(set(manifests))
    blobs = [row[0] for row in tx.all("select distinct blob from manifest_blob where manifest in :ids", ids=ids)]
    _give_links(tx, hidden, blobs)
    tx.run("update manifest_blob set repository = :hidden where manifest in :ids", hidden=hidden, ids=ids)
    tx.run("update missing set repository = :hidden where manifest in :ids", hidden=hidden, ids=ids)
    tx.run("update tag set repository = :hidden where manifest in :ids", hidden=hidden, ids=ids)
    tx.run("update manifest set repository = :hidden where id in :ids", hidden=hidden, ids=ids)
    _break_parents(tx, repository, ids)
    _copy_children(tx, hidden, ids)
    drop_unneeded_links(tx, repository, blobs)


def take_tag(tx: Transaction, repository: int, hidden: int, name: str, manifest: int) -> None:
    """Move one tag into ``hidden``, with a copy of its manifest, which stays."""
    copy_manifests(tx, hidden, [manifest], copied=True)
    tx.run(
        """update tag set repository = :hidden, manifest = (
               select copy.id from manifest original
               join manifest copy on copy.repository = :hidden and copy.digest = original.digest
               where original.id = :manifest)
           where repository = :repository and name = :name""",
        repository=repository,
        hidden=hidden,
        name=name,
        manifest=manifest,
    )


def take_link(tx: Transaction, repository: int, hidden: int, blob: int) -> None:
    """Move the link to a blob that no manifest of the repository needs."""
    _give_links(tx, hidden, [blob])
    drop_unneeded_links(tx, repository, [blob], leased=True)


def copy_manifests(tx: Transaction, target: int, manifests: Iterable[int], *, copied: bool) -> list[int]:
    """Copy manifests with all that they hold into the repository ``target``; the ids of the copies.

    What it has already is left as it is; what waited there for one of them, or lacked here what is there, holds it.
    ``copied`` marks them as there only for what needs them.
    """
    ids = graph.closure(tx, manifests)
    copies = [row[0] for row in tx.all(_COPY, target=target, copied=int(copied), ids=ids)]
    blobs = tx.all(_COPIED_BLOBS, target=target, ids=ids, copies=copies)
    _give_links(tx, target, [row[0] for row in blobs])
    for statement in _COPY_PARTS:
        tx.run(statement, target=target, ids=ids, copies=copies)
    arrived = [node.digest for node in graph.nodes(tx, copies)] + [Digest.unpack(row[1]) for row in blobs]
    missing.settle(tx, target, arrived + missing.lacked_by(tx, copies))
    return copies


_COPY = """insert into manifest (repository, digest, media_type, artifact_type, subject, size, pushed_at, copied)
           select :target, digest, media_type, artifact_type, subject, size, pushed_at, :copied
           from manifest where id in :ids on conflict (repository, digest) do nothing returning id"""
_PAIRS = """manifest original join manifest copy on copy.repository = :target and copy.digest = original.digest"""
# Two deletions may have left originals of one digest, and one may lack what the other holds.
_COPIED = "where original.id in :ids and copy.id in :copies on conflict do nothing"
_COPIED_BLOBS = f"""select distinct blob.id, blob.digest from {_PAIRS}
                    join manifest_blob b on b.manifest = original.id join blob on blob.id = b.blob
                    where original.id in :ids and copy.id in :copies"""
_COPY_PARTS = (
    f"""insert into manifest_content (manifest, content)
        select copy.id, c.content from {_PAIRS} join manifest_content c on c.manifest = original.id {_COPIED}""",
    f"""insert into manifest_blob (manifest, repository, blob)
        select copy.id, copy.repository, b.blob from {_PAIRS} join manifest_blob b on b.manifest = original.id
        {_COPIED}""",
    f"""insert into missing (manifest, repository, digest)
        select copy.id, copy.repository, m.digest from {_PAIRS} join missing m on m.manifest = original.id
        {_COPIED}""",
    f"""insert into manifest_child (parent, child)
        select copy.id, child_copy.id from {_PAIRS} join manifest_child k on k.parent = original.id
        join manifest child on child.id = k.child
        join manifest child_copy on child_copy.repository = :target and child_copy.digest = child.digest
        {_COPIED}""",
)


def find_manifests(tx: Transaction, name: str, digests: Iterable[Digest]) -> list[int]:
    """For each of ``digests`` that a deletion took out of ``name``: the manifest in its hidden repository."""
    rows = tx.all(
        """select max(m.id) from repository r join manifest m on m.repository = r.id
           where r.name = :name and r.deletion is not null and m.digest in :digests group by m.digest""",
        name=name,
        digests=[digest.packed for digest in digests],
    )
    return [row[0] for row in rows]


def drop_unneeded_links(tx: Transaction, repository: int, blobs: Iterable[int], *, leased: bool = False) -> None:
    """Drop the links to those of ``blobs`` that no manifest here needs; those under a lease only if ``leased``."""
    tx.run(
        f"""delete from repository_blob where repository = :repository and blob in :blobs
            {"" if leased else "and leased_until is null"}
            and not exists (select 1 from manifest_blob b
                            where b.repository = repository_blob.repository and b.blob = repository_blob.blob)""",
        repository=repository,
        blobs=list(blobs),
    )


def _give_links(tx: Transaction, repository: int, blobs: Iterable[int]) -> None:
    tx.many(
        """insert into repository_blob (repository, blob, leased_until) values (:repository, :blob, null)
           on conflict (repository, blob) do update set leased_until = null
           where repository_blob.leased_until is not null""",
        [{"repository": repository, "blob": blob} for blob in sorted(set(blobs))],
    )


def _break_parents(tx: Transaction, repository: int, ids: list[int]) -> None:
    tx.run(
        """insert into missing (manifest, repository, digest)
           select k.parent, :repository, m.digest from manifest_child k join manifest m on m.id = k.child
           where k.child in :ids and k.parent not in :ids on conflict do nothing""",
        repository=repository,
        ids=ids,
    )
    tx.run("delete from manifest_child where child in :ids and parent not in :ids", ids=ids)


def _copy_children(tx: Transaction, hidden: int, ids: list[int]) -> None:
    stay = tx.all("select distinct child from manifest_child where parent in :ids and child not in :ids", ids=ids)
    if not stay:
        return
    copy_manifests(tx, hidden, [row[0] for row in stay], copied=True)
    tx.run(
        """update manifest_child set child = (
               select copy.id from manifest original
               join manifest copy on copy.repository = :hidden and copy.digest = original.digest
               where original.id = manifest_child.child)
           where parent in :ids and child not in :ids""",
        hidden=hidden,
        ids=ids,
    )
