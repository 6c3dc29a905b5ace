"""Bytes: what would come back if something went, and what others would keep."""

from __future__ import annotations

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
    bytes: Bytes


_SUMS = """select cast(coalesce(sum(size), 0) as bigint),
                  cast(coalesce(sum(case when alone then size else 0 end), 0) as bigint)"""


def of_repository(tx: Transaction, repository: int) -> Contents:
    """What the repository holds, and which of its bytes no other repository, live or hidden, has."""
    tags = tx.one("select count(*) from tag where repository = :repository", repository=repository)
    manifests = tx.one("select count(*) from manifest where repository = :repository", repository=repository)
    bytes_ = tx.one(
        f"""{_SUMS}
           from (select b.size, not exists (select 1 from repository_blob other
                                            where other.blob = l.blob and other.repository <> l.repository) as alone
                 from repository_blob l join blob b on b.id = l.blob where l.repository = :repository) as linked""",
        repository=repository,
    )
    assert tags is not None
    assert manifests is not None
    assert bytes_ is not None
    return Contents(tags[0], manifests[0], _bytes(bytes_))


def of_manifests(tx: Transaction, repository: int, manifests: list[int]) -> Bytes:
    """The bytes of the blobs that these manifests of the repository need; exclusive are those that nothing else has."""
    row = tx.one(
        f"""{_SUMS}
           from (select b.size,
                        not exists (select 1 from repository_blob other
                                    where other.blob = b.id and other.repository <> :repository)
                        and not exists (select 1 from manifest_blob other
                                        where other.repository = :repository and other.blob = b.id
                                        and other.manifest not in :manifests) as alone
                 from blob b where b.id in (select blob from manifest_blob where manifest in :manifests)) as needed""",
        repository=repository,
        manifests=manifests,
    )
    assert row is not None
    return _bytes(row)


def of_blob(tx: Transaction, repository: int, blob: int) -> Bytes:
    """The bytes of one blob of the repository."""
    row = tx.one(
        """select b.size, case when exists (select 1 from repository_blob other where other.blob = b.id
                                            and other.repository <> :repository) then 0 else b.size end
           from blob b where b.id = :blob""",
        repository=repository,
        blob=blob,
    )
    assert row is not None
    return _bytes(row)


def _bytes(row: tuple[int, int]) -> Bytes:
    total, exclusive = row
    return Bytes(exclusive, total - exclusive)
