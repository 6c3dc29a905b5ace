"""What a check asks of the rows: what must hold and no foreign key can say, and who names which bytes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from jettison.metadata import garbage, missing
from jettison.metadata.blobs import Damage
from jettison.metadata.database import Lock, Row, Transaction
from jettison.oci.digest import Digest

MOST = 1000
"""Broken rows of one kind that one look brings."""


@dataclass(frozen=True, slots=True)
class Home:
    """A repository's name; ``deletion`` is the one that took what lies here, None where it is live."""

    name: str
    deletion: int | None

    def __str__(self) -> str:
        return self.name if self.deletion is None else f"{self.name} (deletion {self.deletion})"


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks a rule: where it belongs, what it is of (a digest, tag or key), and its keys for `mend`."""

    home: Home | None
    subject: str
    one: int | str | None
    other: int | None


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that holds of the rows at every moment. ``broken`` selects the rows of which it does not.

    It selects repository, subject and two keys; ``mend`` takes the keys as ``:one`` and ``:other``, repairs that row if
    it is still broken, and loses nothing. ``problem`` and ``remedy`` tell a person.
    """

    kind: str
    problem: str
    remedy: str
    broken: str
    mend: str | None = None


_NEEDED = """exists (select 1 from manifest_blob n
                     where n.repository = repository_blob.repository and n.blob = repository_blob.blob)"""
_LINK = "from repository_blob join blob on blob.id = repository_blob.blob"
_HAS_MANIFESTS = "exists (select 1 from manifest m where m.repository = repository.id)"
_PUSH_AGAIN = "delete this version and push it again"
_BY_REPAIR = "--repair puts it right"

RULES = (
    Rule(
        "foreign-blob",
        "a manifest holds a blob by the link of another repository",
        _PUSH_AGAIN,
        """select m.repository, m.digest, m.id, b.blob from manifest_blob b join manifest m on m.id = b.manifest
           where b.repository <> m.repository""",
    ),
    Rule(
        "foreign-child",
        "an index holds a manifest of another repository",
        _PUSH_AGAIN,
        """select p.repository, p.digest, p.id, c.id from manifest_child k join manifest p on p.id = k.parent
           join manifest c on c.id = k.child where p.repository <> c.repository""",
    ),
    Rule(
        "foreign-tag",
        "a tag points at a manifest of another repository",
        "push the tag again",
        """select t.repository, t.name, m.id, null from tag t join manifest m on m.id = t.manifest
           where t.repository <> m.repository""",
    ),
    Rule(
        "foreign-missing",
        "what a manifest lacks is remembered for another repository",
        _PUSH_AGAIN,
        """select m.repository, m.digest, m.id, null from missing x join manifest m on m.id = x.manifest
           where x.repository <> m.repository""",
    ),
    Rule(
        "leased",
        "a blob that a manifest needs has a lease, after which a sweep would look at it",
        _BY_REPAIR,
        f"""select repository_blob.repository, blob.digest, repository_blob.repository, blob.id {_LINK}
            where repository_blob.leased_until is not null and {_NEEDED}""",
        f"""update repository_blob set leased_until = null
            where repository = :one and blob = :other and leased_until is not null and {_NEEDED}""",
    ),
    Rule(
        "unleased",
        "a blob that no manifest needs has no lease, and would stay for ever",
        _BY_REPAIR,
        f"""select repository_blob.repository, blob.digest, repository_blob.repository, blob.id {_LINK}
            join repository on repository.id = repository_blob.repository
            where repository.deletion is null and repository_blob.leased_until is null and not {_NEEDED}""",
        f"""update repository_blob set leased_until = :lease
            where repository = :one and blob = :other and leased_until is null and not {_NEEDED}""",
    ),
    Rule(
        "listed",
        "the catalog lists a repository that has no manifest",
        _BY_REPAIR,
        f"""select id, name, id, null from repository
            where deletion is null and listed = 1 and not {_HAS_MANIFESTS}""",
        f"update repository set listed = 0 where id = :one and listed = 1 and not {_HAS_MANIFESTS}",
    ),
    Rule(
        "unlisted",
        "the catalog does not list a repository that has manifests",
        _BY_REPAIR,
        f"select id, name, id, null from repository where deletion is null and listed = 0 and {_HAS_MANIFESTS}",
        f"""update repository set listed = 1
            where id = :one and deletion is null and listed = 0 and {_HAS_MANIFESTS}""",
    ),
    Rule(
        "copied",
        "a live manifest is marked as a copy, which an undone deletion would not bring back",
        _BY_REPAIR,
        """select m.repository, m.digest, m.id, null from manifest m join repository r on r.id = m.repository
           where r.deletion is null and m.copied = 1""",
        """update manifest set copied = 0 where id = :one and copied = 1
           and exists (select 1 from repository r where r.id = manifest.repository and r.deletion is null)""",
    ),
    Rule(
        "unlinked",
        "no repository has a blob, and no sweep will look at it",
        "--repair has the next sweep look at it",
        """select cast(null as bigint), digest, id, null from blob
           where not exists (select 1 from repository_blob l where l.blob = blob.id)
           and not exists (select 1 from candidate c where c.blob = blob.id)""",
        "insert into candidate (blob) select id from blob where id = :one on conflict do nothing",
    ),
    Rule(
        "doomed",
        "bytes that are needed are about to be deleted",
        f"{_BY_REPAIR}: do it at once",
        """select cast(null as bigint), key, key, null from discarded
           where exists (select 1 from stored s where s.key = discarded.key)""",
        """delete from discarded where key = :one and exists (select 1 from stored s where s.key = discarded.key)""",
    ),
    Rule(
        "unnamed",
        "bytes are stored that no digest names",
        "--delete-unknown-files deletes them",
        """select cast(null as bigint), key, key, null from stored
           where not exists (select 1 from blob b where b.key = stored.key)""",
    ),
)


def broken(tx: Transaction, rule: Rule) -> list[Broken]:
    """At most MOST rows that break the rule."""
    rows = tx.all(
        f"""select r.name, r.deletion, found.subject, found.one, found.other
            from ({_named(rule.broken)} limit {MOST}) as found left join repository r on r.id = found.repository
            order by r.name, found.subject"""
    )
    return [Broken(Home(row[0], row[1]) if row[0] is not None else None, shown(row[2]), row[3], row[4]) for row in rows]


def _named(select: str) -> str:
    """The select with names for its columns, whatever they are."""
    return f"with found (repository, subject, one, other) as ({select}) select * from found"


def mend(tx: Transaction, rule: Rule, row: Broken, lease: int) -> bool:
    """Repair one row, if it breaks the rule still; ``lease`` (microseconds) is how long what nothing needs stays."""
    if rule.mend is None:
        return False
    return tx.run(rule.mend, one=row.one, other=row.other, lease=tx.now + lease) == 1


def lock_of(home: Home | None) -> Lock:
    """What to hold while something of a repository is repaired."""
    return Lock() if home is None else Lock.alone(home.name)


def shown(subject: bytes | str) -> str:
    """A digest or a name as people read it, whatever it is by now."""
    if isinstance(subject, str):
        return subject
    return str(Digest.unpack(subject))


# ---------------------------------------------------------------------------------------------------------- manifests


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A manifest with all that its row says of it; ``content`` is None where there is none."""

    id: int
    repository: int
    home: Home
    digest: Digest
    size: int
    media_type: str
    artifact_type: str | None
    subject: Digest | None
    content: bytes | None
    holds: frozenset[Digest]
    lacks: frozenset[Digest]
    arrived: frozenset[Digest]
    """Those that it is said to lack and that its repository has."""


def manifests_after(tx: Transaction, last: int, limit: int) -> list[ManifestRow]:
    """At most ``limit`` manifests, live and hidden, with ids after ``last``; to be read in one snapshot."""
    rows = tx.all(
        """select m.id, m.repository, r.name, r.deletion, m.digest, m.size, m.media_type, m.artifact_type, m.subject,
                  c.content
           from manifest m join repository r on r.id = m.repository
           left join manifest_content c on c.manifest = m.id
           where m.id > :last order by m.id limit :limit""",
        last=last,
        limit=limit,
    )
    ids = [row[0] for row in rows]
    holds = _by_manifest(
        tx.all(
            """select b.manifest, blob.digest from manifest_blob b join blob on blob.id = b.blob
               where b.manifest in :ids
               union all select k.parent, c.digest from manifest_child k join manifest c on c.id = k.child
               where k.parent in :ids""",
            ids=ids,
        )
    )
    lacks = _by_manifest(tx.all("select manifest, digest from missing where manifest in :ids", ids=ids))
    arrived = _by_manifest(
        tx.all(
            """select x.manifest, x.digest from missing x
               join manifest m on m.repository = x.repository and m.digest = x.digest where x.manifest in :ids
               union all select x.manifest, x.digest from missing x join blob b on b.digest = x.digest
               join repository_blob l on l.repository = x.repository and l.blob = b.id where x.manifest in :ids""",
            ids=ids,
        )
    )
    return [_manifest(row, *(found.get(row[0], frozenset()) for found in (holds, lacks, arrived))) for row in rows]


def _by_manifest(rows: Iterable[Row]) -> dict[int, frozenset[Digest]]:
    found: dict[int, set[Digest]] = {}
    for manifest, digest in rows:
        found.setdefault(manifest, set()).add(Digest.unpack(digest))
    return {manifest: frozenset(digests) for manifest, digests in found.items()}


def _manifest(row: Row, holds: frozenset[Digest], lacks: frozenset[Digest], arrived: frozenset[Digest]) -> ManifestRow:
    id, repository, name, deletion, digest, size, media_type, artifact_type, subject, content = row
    return ManifestRow(
        id,
        repository,
        Home(name, deletion),
        Digest.unpack(digest),
        size,
        media_type,
        artifact_type,
        Digest.unpack(subject) if subject is not None else None,
        content,
        holds,
        lacks,
        arrived,
    )


def complete(tx: Transaction, manifest: ManifestRow, needs: Collection[Digest]) -> bool:
    """Have a manifest hold what it needs and its repository has, and remember the rest as missing; under its lock.

    False if it has gone or moved meanwhile.
    """
    where = tx.one("select repository from manifest where id = :id", id=manifest.id)
    if where is None or where[0] != manifest.repository:
        return False
    missing.remember(tx, manifest.repository, manifest.id, sorted(set(needs) - manifest.holds))
    missing.settle(tx, manifest.repository, sorted({*needs, *manifest.arrived}))
    return True


def totals(tx: Transaction) -> tuple[int, int, int]:
    """How many manifests and stored keys there are, and the bytes of these."""
    row = tx.one(
        """select (select count(*) from manifest), count(*), cast(coalesce(sum(size), 0) as bigint) from stored"""
    )
    assert row is not None
    return row[0], row[1], row[2]


# --------------------------------------------------------------------------------------------------------------- bytes


@dataclass(frozen=True, slots=True)
class StoredRow:
    """Bytes that should lie at ``key``, and the digests and sizes by which blobs name them."""

    key: str
    size: int
    damage: Damage
    blobs: tuple[tuple[Digest, int], ...]


def stored_after(tx: Transaction, last: str, limit: int) -> list[StoredRow]:
    """At most ``limit`` stored keys after ``last``; to be read in one snapshot."""
    rows = tx.all(
        "select key, size, damaged from stored where key > :last order by key limit :limit", last=last, limit=limit
    )
    named: dict[str, list[tuple[Digest, int]]] = {}
    for key, digest, size in tx.all(
        "select key, digest, size from blob where key in :keys order by digest", keys=[row[0] for row in rows]
    ):
        named.setdefault(key, []).append((Digest.unpack(digest), size))
    return [StoredRow(row[0], row[1], Damage(row[2]), tuple(named.get(row[0], ()))) for row in rows]


def homes_of(tx: Transaction, key: str, limit: int) -> list[Home]:
    """At most ``limit`` repositories that have the bytes at ``key``, live ones first."""
    rows = tx.all(
        """select distinct r.name, r.deletion, case when r.deletion is null then 0 else 1 end as hidden
           from blob b join repository_blob l on l.blob = b.id join repository r on r.id = l.repository
           where b.key = :key order by 3, 1, 2 limit :limit""",
        key=key,
        limit=limit,
    )
    return [Home(row[0], row[1]) for row in rows]


def owned(tx: Transaction, keys: list[str]) -> set[str]:
    """Those of ``keys`` that a stored blob names, an upload, open or ended, or what is about to be deleted."""
    rows = tx.all(
        """select key from stored where key in :keys union select key from upload where key in :keys
           union select key from discarded where key in :keys""",
        keys=keys,
    )
    return {row[0] for row in rows}


def uploads_among(tx: Transaction, ids: list[str]) -> set[str]:
    """Those of ``ids`` that are uploads, open or ended."""
    return {row[0] for row in tx.all("select id from upload where id in :ids", ids=ids)}


def discard_unnamed(tx: Transaction, key: str) -> bool:
    """Have the next sweep delete bytes that no digest names; False if one does by now."""
    there = tx.one(
        "select 1 from stored where key = :key and not exists (select 1 from blob b where b.key = stored.key)", key=key
    )
    garbage.discard(tx, [key], tx.now)
    return there is not None
