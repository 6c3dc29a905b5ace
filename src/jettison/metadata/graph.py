"""Who needs whom among the manifests of a repository: what a deletion's plan asks before it decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Node:
    """A manifest as a plan sees it. ``size`` is of its own bytes."""

    id: int
    digest: Digest
    media_type: str
    artifact_type: str | None
    subject: Digest | None
    size: int


_NODE = "select id, digest, media_type, artifact_type, subject, size from manifest"


def nodes(tx: Transaction, ids: Iterable[int]) -> list[Node]:
    """The manifests of these ids, by digest."""
    return [_node(row) for row in tx.all(f"{_NODE} where id in :ids order by digest", ids=list(ids))]


def nodes_of(tx: Transaction, repository: int, digests: Iterable[Digest]) -> list[Node]:
    """Those of ``digests`` that are manifests of the repository, by digest."""
    rows = tx.all(
        f"{_NODE} where repository = :repository and digest in :digests order by digest",
        repository=repository,
        digests=[digest.packed for digest in digests],
    )
    return [_node(row) for row in rows]


def referrers_of(tx: Transaction, repository: int, subjects: Iterable[Digest]) -> list[Node]:
    """The manifests of the repository whose subject is one of these."""
    rows = tx.all(
        f"{_NODE} where repository = :repository and subject in :subjects order by digest",
        repository=repository,
        subjects=[subject.packed for subject in subjects],
    )
    return [_node(row) for row in rows]


def children_of(tx: Transaction, parents: Iterable[int]) -> list[int]:
    """The manifests that these indexes hold."""
    rows = tx.all("select distinct child from manifest_child where parent in :parents", parents=list(parents))
    return [row[0] for row in rows]


def parents_of(tx: Transaction, children: Iterable[int]) -> dict[int, set[int]]:
    """The indexes that hold each of these manifests; manifests that none holds are left out."""
    found: dict[int, set[int]] = {}
    for parent, child in tx.all(
        "select parent, child from manifest_child where child in :children", children=list(children)
    ):
        found.setdefault(child, set()).add(parent)
    return found


def closure(tx: Transaction, roots: Iterable[int]) -> list[int]:
    """The manifests and all that they hold, directly or through an index."""
    found = set(roots)
    front = list(found)
    while front:
        front = [child for child in children_of(tx, front) if child not in found]
        found.update(front)
    return sorted(found)


def has_manifests(tx: Transaction, repository: int) -> bool:
    """Whether the repository has any."""
    return tx.one("select 1 from manifest where repository = :id limit 1", id=repository) is not None


def _node(row: tuple[int, bytes, str, str | None, bytes | None, int]) -> Node:
    subject = Digest.unpack(row[4]) if row[4] is not None else None
    return Node(row[0], Digest.unpack(row[1]), row[2], row[3], subject, row[5])
