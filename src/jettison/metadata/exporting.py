"""What another registry has to be told of a live repository: its tags, manifests and blobs, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.blobs import Damage
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class ExportedBlob:
    """A blob of a repository, and the key of its bytes."""

    digest: Digest
    key: str
    size: int
    damage: Damage


@dataclass(frozen=True, slots=True)
class Contents:
    """A repository: the ids of its manifests, its tags with their digests, its blobs; ``lacks``: manifest, digest."""

    manifests: list[int]
    tags: list[tuple[str, Digest]]
    blobs: list[ExportedBlob]
    lacks: list[tuple[Digest, Digest]]


@dataclass(frozen=True, slots=True)
class ExportedManifest:
    """A manifest with its bytes."""

    digest: Digest
    media_type: str
    has_subject: bool
    content: bytes


def names(tx: Transaction) -> list[tuple[int, str]]:
    """The ids and names of all live repositories, by bytes."""
    rows = tx.all("select id, name from repository where deletion is null order by name")
    return [(row[0], row[1]) for row in rows]


def contents(tx: Transaction, repository: int) -> Contents | None:
    """All of a repository; None where it is not live (any more). To be read in one snapshot."""
    if tx.one("select 1 from repository where id = :id and deletion is null", id=repository) is None:
        return None
    ids = tx.all("select id from manifest where repository = :id order by id", id=repository)
    tags = tx.all(
        """select t.name, m.digest from tag t join manifest m on m.id = t.manifest
           where t.repository = :id order by t.name""",
        id=repository,
    )
    blobs = tx.all(
        """select b.digest, b.key, b.size, s.damaged
           from repository_blob l join blob b on b.id = l.blob join stored s on s.key = b.key
           where l.repository = :id and (l.leased_until is null or l.leased_until > :now) order by b.digest""",
        id=repository,
        now=tx.now,
    )
    lacks = tx.all(
        """select m.digest, x.digest from missing x join manifest m on m.id = x.manifest
           where x.repository = :id order by m.digest, x.digest""",
        id=repository,
    )
    return Contents(
        [row[0] for row in ids],
        [(row[0], Digest.unpack(row[1])) for row in tags],
        [ExportedBlob(Digest.unpack(row[0]), row[1], row[2], Damage(row[3])) for row in blobs],
        [(Digest.unpack(row[0]), Digest.unpack(row[1])) for row in lacks],
    )


def manifests(tx: Transaction, ids: list[int]) -> list[ExportedManifest]:
    """These manifests with their bytes; those that a deletion has hidden meanwhile too."""
    rows = tx.all(
        """select m.digest, m.media_type, m.subject is not null, c.content
           from manifest m join manifest_content c on c.manifest = m.id where m.id in :ids order by m.id""",
        ids=ids,
    )
    return [ExportedManifest(Digest.unpack(row[0]), row[1], bool(row[2]), row[3]) for row in rows]


def undoable(tx: Transaction) -> int:
    """How many deletions could be undone now."""
    row = tx.one("select count(*) from deletion where state = 'deleted'")
    assert row is not None
    return int(row[0])
