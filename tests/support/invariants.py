"""What must hold of a database's rows at any time, whatever was pushed and deleted before."""

from __future__ import annotations

from typing import Any

from jettison.metadata.database import Database, Transaction
from jettison.oci.digest import Digest
from jettison.oci.lenient import read_stored
from jettison.registry.registry import Registry

NOTHING_MAY_MATCH = {
    "a manifest holds a blob by the link of another repository": """
        select m.id from manifest m join manifest_blob b on b.manifest = m.id where b.repository <> m.repository""",
    "an index holds a child of another repository": """
        select p.id, c.id from manifest_child k join manifest p on p.id = k.parent join manifest c on c.id = k.child
        where p.repository <> c.repository""",
    "a tag points into another repository": """
        select t.name from tag t join manifest m on m.id = t.manifest where t.repository <> m.repository""",
    "something is remembered as missing in another repository": """
        select x.manifest from missing x join manifest m on m.id = x.manifest where x.repository <> m.repository""",
    "something is remembered as missing though the repository has it as a manifest": """
        select x.manifest from missing x join manifest m on m.repository = x.repository and m.digest = x.digest""",
    "something is remembered as missing though the repository has it as a blob": """
        select x.manifest from missing x join blob b on b.digest = x.digest
        join repository_blob l on l.repository = x.repository and l.blob = b.id""",
    "a link that a manifest needs has a lease": """
        select l.repository, l.blob from repository_blob l
        join manifest_blob b on b.repository = l.repository and b.blob = l.blob where l.leased_until is not null""",
    "a live link that no manifest needs has no lease": """
        select l.repository, l.blob from repository_blob l join repository r on r.id = l.repository
        where r.deletion is null and l.leased_until is null and not exists (
            select 1 from manifest_blob b where b.repository = l.repository and b.blob = l.blob)""",
    "a repository is listed without a manifest": """
        select r.name from repository r where r.deletion is null and r.listed = 1
        and not exists (select 1 from manifest m where m.repository = r.id)""",
    "a repository with a manifest is not listed": """
        select r.name from repository r where r.deletion is null and r.listed = 0
        and exists (select 1 from manifest m where m.repository = r.id)""",
    "a manifest has no content": """
        select m.id from manifest m left join manifest_content c on c.manifest = m.id where c.manifest is null""",
    "a deletion that can be undone has no hidden repository": """
        select d.id from deletion d left join repository r on r.deletion = d.id
        where d.state = 'deleted' and r.id is null""",
    "two hidden repositories of one name belong to one deletion": """
        select deletion, name from repository where deletion is not null group by deletion, name having count(*) > 1""",
    "a live manifest is marked as a copy": """
        select m.id from manifest m join repository r on r.id = m.repository
        where r.deletion is null and m.copied = 1""",
    "a blob that no repository has is nothing that a sweep would look at": """
        select b.id from blob b where not exists (select 1 from repository_blob l where l.blob = b.id)
        and not exists (select 1 from candidate c where c.blob = b.id)""",
}

MANIFESTS = """select m.id, m.digest, m.size, m.subject, m.media_type, m.artifact_type, c.content
               from manifest m join manifest_content c on c.manifest = m.id"""
HELD = """select b.manifest, blob.digest from manifest_blob b join blob on blob.id = b.blob
          union all select k.parent, c.digest from manifest_child k join manifest c on c.id = k.child"""


def check_rows(database: Database) -> None:
    """Fail, saying what is wrong, unless everything holds."""
    database.read(_check, snapshot=True)


def check_bytes(registry: Registry) -> None:
    """Fail unless every blob's bytes are there, and no file that has no row."""
    rows = registry.database.read(lambda tx: tx.all("select key, size from blob"))
    assert dict(registry.blobs.keys()) == dict(rows)
    assert list(registry.blobs.uploads()) == []


def _check(tx: Transaction) -> None:
    for wrong, sql in NOTHING_MAY_MATCH.items():
        found = tx.all(sql)
        assert not found, f"{wrong}: {found}"
    if type(tx).__name__ == "SQLiteTransaction":
        assert tx.all("pragma foreign_key_check") == []
    _check_manifests(tx)


def _check_manifests(tx: Transaction) -> None:
    """Every manifest, live or hidden, is its bytes, and what these name is held or remembered as missing."""
    held = _by_manifest(tx, HELD)
    missing = _by_manifest(tx, "select manifest, digest from missing")
    for id, digest, size, subject, media_type, artifact_type, content in tx.all(MANIFESTS):
        unpacked = Digest.unpack(digest)
        manifest = read_stored(content, media_type, unpacked.algorithm)
        assert (manifest.digest, len(content), manifest.artifact_type) == (unpacked, size, artifact_type)
        assert (manifest.subject.digest if manifest.subject else None) == (Digest.unpack(subject) if subject else None)
        needed = {each.digest for each in (*manifest.blobs, *manifest.children)}
        elsewhere = {each.digest for each in manifest.elsewhere}
        has, lacks = held.get(id, set()), missing.get(id, set())
        assert not has & lacks, f"manifest {id} both holds and lacks {has & lacks}"
        # An adopted one holds the file that its own bytes were in.
        named = needed | elsewhere | {unpacked}
        assert needed <= has | lacks <= named, f"manifest {id}: needs {needed}, has {has}, lacks {lacks}"
        assert lacks <= needed, f"manifest {id} waits for what it does not need: {lacks - needed}"


def _by_manifest(tx: Transaction, sql: str) -> dict[Any, set[Digest]]:
    found: dict[Any, set[Digest]] = {}
    for manifest, digest in tx.all(sql):
        found.setdefault(manifest, set()).add(Digest.unpack(digest))
    return found
