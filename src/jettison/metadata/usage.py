"""Bytes: what would come back if something went, and what others would keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes of distinct blobs: ``exclusive`` ones nobody else has, ``shared`` ones stay."""

    exclusive: int
    shared: int

    @property
    def total(self) -> int:
        """Both."""
        return self.exclusive + self.shared


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a repository holds."""

    tags: int
    manifests: int
    links: int


def contents(tx: Transaction, repository: int) -> Contents:
    """What the repository holds."""
    row = tx.one(
        """select (select count(*) from tag where repository = :id),
                  (select count(*) from manifest where repository = :id),
                  (select count(*) from repository_blob where repository = :id)""",
        id=repository,
    )
    assert row is not None
    return Contents(*row)


def of_repository(tx: Transaction, repository: int) -> Bytes:
    """The bytes of the repository's blobs; exclusive are those that no other repository has, live or hidden."""
    row = tx.one(
        """select cast(coalesce(sum(size), 0) as bigint),
                  cast(coalesce(sum(case when alone then size else 0 end), 0) as bigint)
           from (select b.size, not exists (select 1 from repository_blob other
                                            where other.blob = l.blob and other.repository <> l.repository) as alone
                 from repository_blob l join blob b on b.id = l.blob where l.repository = :repository) as linked""",
        repository=repository,
    )
    assert row is not None
    return Bytes(row[1], row[0] - row[1])


def links(tx: Transaction, repository: int) -> list[int]:
    """The blobs that the repository has."""
    return [row[0] for row in tx.all("select blob from repository_blob where repository = :id", id=repository)]


def needed_by(tx: Transaction, manifests: list[int]) -> list[int]:
    """The blobs that these manifests need."""
    return [row[0] for row in tx.all("select distinct blob from manifest_blob where manifest in :ids", ids=manifests)]


def links_lost(tx: Transaction, repository: int, manifests: list[int]) -> list[int]:
    """The blobs of the repository that nothing in it needs once these manifests are gone."""
    rows = tx.all(
        """select distinct blob from manifest_blob b where b.manifest in :ids
           and not exists (select 1 from manifest_blob other where other.repository = :repository
                           and other.blob = b.blob and other.manifest not in :ids)""",
        repository=repository,
        ids=manifests,
    )
    return [row[0] for row in rows]


def of_blobs(tx: Transaction, touched: Iterable[int], lost: Iterable[int]) -> Bytes:
    """The bytes of the blobs ``touched``; exclusive are those whose every link is among ``lost``, one for each link."""
    losing = Counter(lost)
    rows = tx.all(
        """select b.id, b.size, (select count(*) from repository_blob l where l.blob = b.id)
           from blob b where b.id in :ids""",
        ids=list(touched),
    )
    exclusive = sum(size for id, size, links in rows if losing[id] >= links)
    return Bytes(exclusive, sum(size for _, size, _ in rows) - exclusive)
