"""Adopting what another registry has stored: rows in numbers, each written only where there is none yet.

All of it may be done again after an interruption. Nothing that is here already is changed: neither a tag, nor where a
blob's bytes lie; and a key that was discarded is never taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from jettison.metadata import blobs, manifests, missing
from jettison.metadata.blobs import Damage
from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest
from jettison.oci.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Adoption:
    """The adoption of a tree; times in microseconds since 1970. ``finished_at`` is None while it goes on.

    ``newest`` is what the filesystem said of the tree's folders when it began; ``last`` the repository adopted last.
    """

    started_at: int
    finished_at: int | None
    newest: int
    last: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class AdoptedBlob:
    """A blob whose bytes lie at ``key``."""

    digest: Digest
    key: str
    size: int
    damage: Damage = Damage.NONE


@dataclass(frozen=True, slots=True)
class AdoptedManifest:
    """A manifest and the blob that its own bytes are; when it was pushed, in microseconds since 1970."""

    manifest: Manifest
    file: AdoptedBlob
    pushed_at: int


@dataclass(frozen=True, slots=True)
class AdoptedTag:
    """A tag, the digest that it names, and when it was pushed, in microseconds since 1970."""

    name: str
    digest: Digest
    pushed_at: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was not adopted, or is not as it should be: what it is of, and why."""

    repository: str
    kind: str
    subject: str
    reason: str


# ------------------------------------------------------------------------------------------------------------- progress


def find(tx: Transaction, tree: str) -> Adoption | None:
    """The adoption of that tree, if it was begun."""
    row = tx.one("select started_at, finished_at, newest, last, counts from adoption where tree = :tree", tree=tree)
    return Adoption(row[0], row[1], row[2], row[3], json.loads(row[4])) if row else None


def is_empty(tx: Transaction) -> bool:
    """Whether nothing was ever pushed or adopted here."""
    return all(
        tx.one(f"select 1 from {table} limit 1") is None
        for table in ("adoption", "repository", "stored", "discarded", "deletion", "upload")
    )


def begin(tx: Transaction, tree: str, newest: int) -> None:
    """Record that the tree is being adopted, unless that was begun before."""
    tx.run(
        """insert into adoption (tree, started_at, newest, last, counts) values (:tree, :now, :newest, '', '{}')
           on conflict (tree) do nothing""",
        tree=tree,
        now=tx.now,
        newest=newest,
    )


def advance(tx: Transaction, tree: str, last: str, counts: Mapping[str, int]) -> None:
    """Record that all repositories up to ``last`` are adopted."""
    tx.run(
        "update adoption set last = :last, counts = :counts where tree = :tree",
        tree=tree,
        last=last,
        counts=json.dumps(counts),
    )


def finish(tx: Transaction, tree: str, counts: Mapping[str, int]) -> None:
    """Record that nothing of the tree is left to adopt, for ever."""
    tx.run(
        "update adoption set finished_at = :now, counts = :counts where tree = :tree",
        tree=tree,
        now=tx.now,
        counts=json.dumps(counts),
    )


# ------------------------------------------------------------------------------------------------------------- findings


def note(tx: Transaction, tree: str, findings: Sequence[Finding]) -> None:
    """Remember these findings."""
    rows = [
        {"tree": tree, "repository": each.repository, "kind": each.kind, "subject": each.subject, "reason": each.reason}
        for each in findings
    ]
    if rows:
        tx.many(
            """insert into adoption_finding (tree, repository, kind, subject, reason)
               values (:tree, :repository, :kind, :subject, :reason)""",
            rows,
        )


def forget_findings(tx: Transaction, tree: str, repository: str) -> None:
    """Forget what was found of a repository (empty: of none), which is about to be looked at again."""
    tx.run("delete from adoption_finding where tree = :tree and repository = :name", tree=tree, name=repository)


def count_findings(tx: Transaction, tree: str) -> dict[str, int]:
    """How many findings there are of each kind."""
    rows = tx.all(
        "select kind, count(*) from adoption_finding where tree = :tree group by kind order by kind", tree=tree
    )
    return dict(rows)


def findings_after(tx: Transaction, tree: str, last: int, limit: int) -> list[tuple[int, Finding]]:
    """At most ``limit`` findings with ids after ``last``, each with its id."""
    rows = tx.all(
        """select id, repository, kind, subject, reason from adoption_finding
           where tree = :tree and id > :last order by id limit :limit""",
        tree=tree,
        last=last,
        limit=limit,
    )
    return [(row[0], Finding(*row[1:])) for row in rows]


# ----------------------------------------------------------------------------------------------------------------- rows


def add_blobs(tx: Transaction, repository: int, adopted: Sequence[AdoptedBlob], leased_until: int) -> None:
    """Give the repository these blobs, under a lease. Those are left out whose key was discarded."""
    rows = [
        {"digest": each.digest.packed, "key": each.key, "size": each.size, "damage": int(each.damage)}
        for each in adopted
    ]
    if not rows:
        return
    for statement in _ADD_BLOB:
        tx.many(statement, rows)
    tx.run(
        """insert into repository_blob (repository, blob, leased_until)
           select :repository, id, :until from blob where digest in :digests on conflict do nothing""",
        repository=repository,
        until=leased_until,
        digests=[row["digest"] for row in rows],
    )


# "where true" tells SQLite that what follows is not the condition of a join.
_ADD_BLOB = (
    """insert into stored (key, size, damaged) select :key, :size, :damage
       where not exists (select 1 from blob where digest = :digest)
       and not exists (select 1 from discarded where key = :key)
       on conflict (key) do nothing""",
    """insert into blob (digest, size, key) select :digest, :size, key from stored where key = :key
       on conflict (digest) do nothing""",
)


def add_manifests(tx: Transaction, repository: int, adopted: Sequence[AdoptedManifest], leased_until: int) -> None:
    """Write these manifests into the repository: each holds what it names and the repository has, and its own file.

    What it names and the repository lacks is remembered, and held by whoever brings it, such as a later one of these.
    """
    if not adopted:
        return
    add_blobs(tx, repository, [each.file for each in adopted], leased_until)
    tx.many(_ADD_MANIFEST, [_row(repository, each, tx.now) for each in adopted])
    digests = [each.manifest.digest for each in adopted]
    ids = manifests.ids_of(tx, repository, digests)
    tx.many(
        "insert into manifest_content (manifest, content) values (:id, :content) on conflict do nothing",
        [{"id": ids[each.manifest.digest], "content": each.manifest.content} for each in adopted],
    )
    _hold(tx, repository, {ids[each.manifest.digest]: each.manifest for each in adopted})
    missing.settle(tx, repository, digests)


_ADD_MANIFEST = """insert into manifest
                   (repository, digest, media_type, artifact_type, subject, size, pushed_at)
                   values (:repository, :digest, :media_type, :artifact_type, :subject, :size, :pushed_at)
                   on conflict (repository, digest) do nothing"""


def _row(repository: int, adopted: AdoptedManifest, now: int) -> dict[str, object]:
    manifest = adopted.manifest
    return {
        "repository": repository,
        "digest": manifest.digest.packed,
        "media_type": manifest.media_type,
        "artifact_type": manifest.artifact_type,
        "subject": manifest.subject.digest.packed if manifest.subject else None,
        "size": len(manifest.content),
        "pushed_at": min(adopted.pushed_at, now),
    }


def _hold(tx: Transaction, repository: int, added: Mapping[int, Manifest]) -> None:
    wanted = {each.digest for manifest in added.values() for each in (*manifest.blobs, *manifest.elsewhere)}
    entries = {each.digest for manifest in added.values() for each in manifest.children}
    own = {manifest.digest for manifest in added.values()}
    children = manifests.ids_of(tx, repository, entries) if entries else {}
    held = blobs.linked(tx, repository, wanted | own | (entries - children.keys()))
    blob_rows: list[dict[str, int]] = []
    child_rows: list[dict[str, int]] = []
    missing_rows: list[dict[str, object]] = []
    for id, manifest in added.items():
        needed = {each.digest for each in (*manifest.blobs, *manifest.children)}
        for digest in needed | {each.digest for each in manifest.elsewhere} | {manifest.digest}:
            if digest in children and any(digest == child.digest for child in manifest.children):
                child_rows.append({"parent": id, "child": children[digest]})
            elif digest in held:
                blob_rows.append({"manifest": id, "repository": repository, "blob": held[digest]})
            elif digest in needed:
                missing_rows.append({"manifest": id, "repository": repository, "digest": digest.packed})
    tx.many(_HOLD_BLOB, blob_rows)
    tx.many(_HOLD_CHILD, child_rows)
    tx.many(_LACK, missing_rows)
    tx.run(
        """update repository_blob set leased_until = null
           where repository = :repository and blob in :blobs and leased_until is not null""",
        repository=repository,
        blobs=sorted({row["blob"] for row in blob_rows}),
    )


_HOLD_BLOB = """insert into manifest_blob (manifest, repository, blob) values (:manifest, :repository, :blob)
                on conflict do nothing"""
_HOLD_CHILD = "insert into manifest_child (parent, child) values (:parent, :child) on conflict do nothing"
_LACK = """insert into missing (manifest, repository, digest) values (:manifest, :repository, :digest)
           on conflict do nothing"""


def add_tags(tx: Transaction, repository: int, adopted: Sequence[AdoptedTag]) -> list[AdoptedTag]:
    """Write these tags, and give back those whose manifest the repository does not have. One that is there stays."""
    ids = manifests.ids_of(tx, repository, {tag.digest for tag in adopted})
    there = [tag for tag in adopted if tag.digest in ids]
    if there:
        tx.many(
            """insert into tag (repository, name, manifest, created_at, updated_at)
               values (:repository, :name, :manifest, :at, :at) on conflict (repository, name) do nothing""",
            [
                {
                    "repository": repository,
                    "name": tag.name,
                    "manifest": ids[tag.digest],
                    "at": min(tag.pushed_at, tx.now),
                }
                for tag in there
            ],
        )
    return [tag for tag in adopted if tag.digest not in ids]


def keep(tx: Transaction, repository: int, digests: Sequence[Digest], until: int) -> None:
    """Make the leases of these blobs of the repository last until then, at least."""
    tx.run(
        """update repository_blob set leased_until = :until
           where repository = :repository and leased_until < :until
           and blob in (select id from blob where digest in :digests)""",
        repository=repository,
        until=until,
        digests=[digest.packed for digest in digests],
    )


def lacking(tx: Transaction, repository: int) -> Iterator[tuple[Digest, str, Digest, bool]]:
    """What manifests of the repository lack: the manifest, its media type, the digest, and whether its bytes are here.

    These may be there for another repository.
    """
    rows = tx.all(
        """select m.digest, m.media_type, x.digest, b.id is not null
           from missing x join manifest m on m.id = x.manifest left join blob b on b.digest = x.digest
           where x.repository = :repository order by m.digest, x.digest""",
        repository=repository,
    )
    for manifest, media_type, digest, here in rows:
        yield Digest.unpack(manifest), media_type, Digest.unpack(digest), bool(here)
