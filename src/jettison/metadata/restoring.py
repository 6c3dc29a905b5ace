"""Moving what a deletion took back into the live repository of its name."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import garbage, graph, hidden, repositories
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.media_types import INDEX_TYPES


@dataclass(frozen=True, slots=True)
class HiddenTag:
    """A tag that a deletion took, and the digest that the live repository has under its name now, if any."""

    name: str
    manifest: int
    digest: Digest
    live: Digest | None


def tags_of(tx: Transaction, repository: int, live: int | None) -> list[HiddenTag]:
    """The tags of a hidden repository, by name, beside those of the live one."""
    rows = tx.all(
        """select t.name, t.manifest, m.digest, n.digest
           from tag t join manifest m on m.id = t.manifest
           left join tag l on l.repository = :live and l.name = t.name
           left join manifest n on n.id = l.manifest
           where t.repository = :repository order by t.name""",
        repository=repository,
        live=live or 0,
    )
    return [HiddenTag(row[0], row[1], Digest.unpack(row[2]), Digest.unpack(row[3]) if row[3] else None) for row in rows]


def taken(tx: Transaction, repository: int) -> list[int]:
    """The manifests of a hidden repository that were deleted, not only copied for others."""
    rows = tx.all("select id from manifest where repository = :id and copied = 0 order by id", id=repository)
    return [row[0] for row in rows]


def counts(tx: Transaction, repository: int) -> tuple[int, int]:
    """How many tags and manifests the repository has."""
    row = tx.one(
        """select (select count(*) from tag where repository = :id),
                  (select count(*) from manifest where repository = :id)""",
        id=repository,
    )
    assert row is not None
    return row[0], row[1]


def unhide(tx: Transaction, repository: int, lease_until: int) -> None:
    """Make a hidden repository the live one of its name, which must be free."""
    tx.run("update repository set deletion = null where id = :id", id=repository)
    tx.run("update manifest set copied = 0 where repository = :id and copied = 1", id=repository)
    tx.run(
        """update repository_blob set leased_until = :until where repository = :id
           and (leased_until is null or leased_until < :until)
           and not exists (select 1 from manifest_blob b
                           where b.repository = repository_blob.repository and b.blob = repository_blob.blob)""",
        id=repository,
        until=lease_until,
    )
    _settle(tx, repository)


def merge(
    tx: Transaction, repository: int, live: int, manifests: list[int], tags: list[HiddenTag], lease_until: int
) -> None:
    """Copy manifests with all that they hold, point tags, give links back; then drop the hidden repository."""
    hidden.copy_manifests(tx, live, manifests, copied=False)
    tx.many(
        """insert into tag (repository, name, manifest, created_at, updated_at)
           select :live, t.name, m.id, t.created_at, t.updated_at
           from tag t join manifest h on h.id = t.manifest
           join manifest m on m.repository = :live and m.digest = h.digest
           where t.repository = :repository and t.name = :name""",
        [{"live": live, "repository": repository, "name": tag.name} for tag in tags],
    )
    tx.run(
        """insert into repository_blob (repository, blob, leased_until)
           select :live, blob, :until from repository_blob l where l.repository = :repository
           and not exists (select 1 from manifest_blob b where b.repository = l.repository and b.blob = l.blob)
           on conflict (repository, blob) do update set leased_until = excluded.leased_until
           where repository_blob.leased_until < excluded.leased_until""",
        live=live,
        repository=repository,
        until=lease_until,
    )
    _settle(tx, live)
    while not garbage.drop_hidden(tx, repository):
        pass


def _settle(tx: Transaction, repository: int) -> None:
    """Have every manifest of the repository hold what it missed and what is there now; list the repository."""
    tx.run(
        """insert into manifest_child (parent, child)
           select w.manifest, m.id from missing w join manifest m on m.repository = w.repository and m.digest = w.digest
           where w.repository = :id on conflict do nothing""",
        id=repository,
    )
    tx.run(
        """insert into manifest_blob (manifest, repository, blob)
           select w.manifest, w.repository, b.id from missing w join blob b on b.digest = w.digest
           join repository_blob l on l.repository = w.repository and l.blob = b.id
           where w.repository = :id
           and not (exists (select 1 from manifest p where p.id = w.manifest and p.media_type in :indexes)
                    and exists (select 1 from manifest m where m.repository = w.repository and m.digest = w.digest))
           on conflict do nothing""",
        id=repository,
        indexes=sorted(INDEX_TYPES),
    )
    tx.run(
        """update repository_blob set leased_until = null where repository = :id and leased_until is not null
           and exists (select 1 from manifest_blob b
                       where b.repository = repository_blob.repository and b.blob = repository_blob.blob)""",
        id=repository,
    )
    tx.run(
        """delete from missing where repository = :id
           and (exists (select 1 from manifest m where m.repository = missing.repository and m.digest = missing.digest)
                or exists (select 1 from blob b join repository_blob l on l.blob = b.id
                           where l.repository = missing.repository and b.digest = missing.digest))""",
        id=repository,
    )
    if graph.has_manifests(tx, repository):
        repositories.list_it(tx, repository)
