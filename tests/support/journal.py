"""What deletions left behind: the journal's rows, and what the hidden repository of each holds."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Database, Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Hidden:
    """What one hidden repository holds. ``children`` are pairs of parent and child; ``tags`` name their manifest."""

    manifests: frozenset[Digest]
    blobs: frozenset[Digest]
    tags: dict[str, Digest]
    children: frozenset[tuple[Digest, Digest]]


def hidden_of(database: Database, deletion: int) -> Hidden:
    """The contents of the hidden repository of a deletion."""
    return database.read(lambda tx: _hidden(tx, deletion), snapshot=True)


def row_counts(database: Database) -> dict[str, int]:
    """How many rows each table has."""
    tables = [
        *("deletion", "repository", "stored", "blob", "repository_blob", "manifest", "manifest_content"),
        *("manifest_blob", "manifest_child", "missing", "tag", "manifest_pulled", "tag_pulled", "upload"),
    ]

    def work(tx: Transaction) -> dict[str, int]:
        return {table: tx.all(f"select count(*) from {table}")[0][0] for table in tables}

    return database.read(work, snapshot=True)


def _hidden(tx: Transaction, deletion: int) -> Hidden:
    [(repository,)] = tx.all("select id from repository where deletion = :deletion", deletion=deletion)

    def digests(sql: str) -> list[tuple[Digest, ...]]:
        return [tuple(Digest.unpack(each) for each in row) for row in tx.all(sql, repository=repository)]

    tags = tx.all(
        "select t.name, m.digest from tag t join manifest m on m.id = t.manifest where t.repository = :repository",
        repository=repository,
    )
    return Hidden(
        frozenset(row[0] for row in digests("select digest from manifest where repository = :repository")),
        frozenset(
            row[0]
            for row in digests(
                "select b.digest from repository_blob l join blob b on b.id = l.blob where l.repository = :repository"
            )
        ),
        {name: Digest.unpack(digest) for name, digest in tags},
        frozenset(
            (row[0], row[1])
            for row in digests(
                """select p.digest, c.digest from manifest_child k join manifest p on p.id = k.parent
                   join manifest c on c.id = k.child where p.repository = :repository"""
            )
        ),
    )
