"""Manifests of a repository: their rows, their exact bytes, and what holds what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction
from jettison.oci.digest import Digest
from jettison.oci.manifest import Manifest


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest as it is served. ``content`` is None where only its head was asked for."""

    id: int
    repository: int
    digest: Digest
    media_type: str
    size: int
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Referrer:
    """A manifest that names a subject; its annotations are in ``content``."""

    digest: Digest
    media_type: str
    artifact_type: str | None
    size: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Named:
    """A manifest as events name it, with its tags in order."""

    id: int
    digest: Digest
    media_type: str
    size: int
    tags: tuple[str, ...]


_HEAD = "m.id, m.repository, m.digest, m.media_type, m.size"
_BY_TAG = """from repository r join tag t on t.repository = r.id join manifest m on m.id = t.manifest {content}
             where r.name = :name and r.deletion is null and t.name = :tag"""
_BY_DIGEST = """from repository r join manifest m on m.repository = r.id {content}
                where r.name = :name and r.deletion is null and m.digest = :digest"""
_CONTENT = "join manifest_content c on c.manifest = m.id"
HEAD_BY_TAG = f"select {_HEAD}, null {_BY_TAG.format(content='')}"
HEAD_BY_DIGEST = f"select {_HEAD}, null {_BY_DIGEST.format(content='')}"
GET_BY_TAG = f"select {_HEAD}, c.content {_BY_TAG.format(content=_CONTENT)}"
GET_BY_DIGEST = f"select {_HEAD}, c.content {_BY_DIGEST.format(content=_CONTENT)}"


def by_tag(tx: Transaction, name: str, tag: str, *, content: bool = True) -> StoredManifest | None:
    """The live manifest that a tag of the repository ``name`` points at."""
    row = tx.one(GET_BY_TAG if content else HEAD_BY_TAG, name=name, tag=tag)
    return _stored(row) if row else None


def by_digest(tx: Transaction, name: str, digest: Digest, *, content: bool = True) -> StoredManifest | None:
    """The live manifest of that digest in the repository ``name``."""
    row = tx.one(GET_BY_DIGEST if content else HEAD_BY_DIGEST, name=name, digest=digest.packed)
    return _stored(row) if row else None


def _stored(row: Row) -> StoredManifest:
    return StoredManifest(row[0], row[1], Digest.unpack(row[2]), row[3], row[4], row[5])


def id_of(tx: Transaction, repository: int, digest: Digest) -> int | None:
    """The manifest's id in this repository, or None."""
    row = tx.one(
        "select id from manifest where repository = :repository and digest = :digest",
        repository=repository,
        digest=digest.packed,
    )
    return row[0] if row else None


def ids_of(tx: Transaction, repository: int, digests: Iterable[Digest]) -> dict[Digest, int]:
    """The ids of those of ``digests`` that are manifests of this repository."""
    rows = tx.all(
        "select digest, id from manifest where repository = :repository and digest in :digests",
        repository=repository,
        digests=[digest.packed for digest in digests],
    )
    return {Digest.unpack(digest): id for digest, id in rows}


def add(tx: Transaction, repository: int, manifest: Manifest) -> int | None:
    """Write the manifest's row and bytes; None when another push of the same digest was first."""
    row = tx.one(
        """insert into manifest (repository, digest, media_type, artifact_type, subject, size, pushed_at)
           values (:repository, :digest, :media_type, :artifact_type, :subject, :size, :now)
           on conflict (repository, digest) do nothing returning id""",
        repository=repository,
        digest=manifest.digest.packed,
        media_type=manifest.media_type,
        artifact_type=manifest.artifact_type,
        subject=manifest.subject.digest.packed if manifest.subject else None,
        size=len(manifest.content),
        now=tx.now,
    )
    if row is None:
        return None
    tx.run(
        "insert into manifest_content (manifest, content) values (:id, :content)", id=row[0], content=manifest.content
    )
    return int(row[0])


def hold_blobs(tx: Transaction, repository: int, manifest: int, blobs: Iterable[int]) -> None:
    """Say that ``manifest`` needs these blobs of its repository, whose leases end thereby."""
    held = sorted(set(blobs))
    if not held:
        return
    tx.run(
        """update repository_blob set leased_until = null
           where repository = :repository and blob in :blobs and leased_until is not null""",
        repository=repository,
        blobs=held,
    )
    tx.many(
        """insert into manifest_blob (manifest, repository, blob) values (:manifest, :repository, :blob)
           on conflict do nothing""",
        [{"manifest": manifest, "repository": repository, "blob": blob} for blob in held],
    )


def hold_children(tx: Transaction, parent: int, children: Iterable[int]) -> None:
    """Say that the index ``parent`` needs these manifests of its repository."""
    rows = [{"parent": parent, "child": child} for child in sorted(set(children))]
    if rows:
        tx.many("insert into manifest_child (parent, child) values (:parent, :child) on conflict do nothing", rows)


def blob_holders(tx: Transaction, repository: int, blob: int, *, besides: list[int], limit: int) -> list[Digest]:
    """At most ``limit`` manifests of the repository that need the blob, those of ``besides`` left out."""
    rows = tx.all(
        """select m.digest from manifest_blob b join manifest m on m.id = b.manifest
           where b.repository = :repository and b.blob = :blob and b.manifest not in :besides
           order by m.digest limit :limit""",
        repository=repository,
        blob=blob,
        besides=besides,
        limit=limit,
    )
    return [Digest.unpack(row[0]) for row in rows]


def referrers(
    tx: Transaction, name: str, subject: Digest, artifact_type: str | None, last: Digest | None, limit: int
) -> list[Referrer]:
    """At most ``limit`` manifests of the repository ``name`` whose subject it is, by digest, after ``last``."""
    rows = tx.all(
        f"""select m.digest, m.media_type, m.artifact_type, m.size, c.content
            from repository r join manifest m on m.repository = r.id join manifest_content c on c.manifest = m.id
            where r.name = :name and r.deletion is null and m.subject = :subject and m.digest > :last
            {"" if artifact_type is None else "and m.artifact_type = :artifact_type"}
            order by m.digest limit :limit""",
        name=name,
        subject=subject.packed,
        artifact_type=artifact_type,
        last=last.packed if last else b"",
        limit=limit,
    )
    return [Referrer(Digest.unpack(row[0]), row[1], row[2], row[3], row[4]) for row in rows]


def named(tx: Transaction, repository: int) -> list[Named]:
    """All manifests of the repository, with their tags, the oldest first."""
    rows = tx.all("select id, digest, media_type, size from manifest where repository = :id order by id", id=repository)
    tags: dict[int, list[str]] = {}
    for manifest, name in tx.all("select manifest, name from tag where repository = :id order by name", id=repository):
        tags.setdefault(manifest, []).append(name)
    return [Named(id, Digest.unpack(digest), kind, size, tuple(tags.get(id, ()))) for id, digest, kind, size in rows]


def content_of(tx: Transaction, id: int) -> bytes | None:
    """The manifest's bytes, or None if it has gone."""
    row = tx.one("select content from manifest_content where manifest = :id", id=id)
    return row[0] if row else None
