"""Manifests by what needs them: tags, indexes and subjects, a repository at a time."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Known:
    """A manifest as far as it matters for whether something needs it."""

    id: int
    digest: Digest
    subject: Digest | None


@dataclass(frozen=True, slots=True)
class Needs:
    """The manifests of a repository, its tags with the manifest of each, and the children of each index."""

    manifests: list[Known]
    tags: dict[str, int]
    children: dict[int, list[int]]


def suspects(tx: Transaction) -> list[str]:
    """The names of the live repositories with a manifest that has no tag and is in no index, sorted.

    Where there is none, all manifests are needed, except those of signers who sign nothing but one another.
    """
    rows = tx.all(
        """select distinct r.name from manifest m join repository r on r.id = m.repository
           where r.deletion is null and not exists (select 1 from tag t where t.manifest = m.id)
           and not exists (select 1 from manifest_child k where k.child = m.id) order by r.name"""
    )
    return [row[0] for row in rows]


def needs(tx: Transaction, repository: int) -> Needs:
    """All that needs a manifest of the repository, manifests by digest."""
    manifests = tx.all(
        "select id, digest, subject from manifest where repository = :repository order by digest", repository=repository
    )
    tags = tx.all("select name, manifest from tag where repository = :repository", repository=repository)
    children: dict[int, list[int]] = {}
    for parent, child in tx.all(
        """select k.parent, k.child from manifest m join manifest_child k on k.parent = m.id
           where m.repository = :repository""",
        repository=repository,
    ):
        children.setdefault(parent, []).append(child)
    known = [
        Known(id, Digest.unpack(digest), Digest.unpack(subject) if subject else None)
        for id, digest, subject in manifests
    ]
    return Needs(known, dict(tags), children)
