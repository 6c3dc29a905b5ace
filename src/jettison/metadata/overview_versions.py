"""The manifests of a repository as people look for them, the newest first, and what belongs to each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction
from jettison.oci.digest import Digest

EVER = 2**63 - 1
MOST_REFERRERS = 1000


@dataclass(frozen=True, slots=True)
class Found:
    """A manifest. ``size`` is of its own bytes, its time in microseconds since 1970."""

    id: int
    digest: Digest
    media_type: str
    artifact_type: str | None
    subject: Digest | None
    size: int
    pushed_at: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a manifest. Times are microseconds since 1970; ``pulled_at`` None is never."""

    name: str
    manifest: int
    updated_at: int
    pulled_at: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What rules look at of a manifest; its time in microseconds since 1970."""

    id: int
    digest: Digest
    pushed_at: int
    subject: Digest | None


@dataclass(frozen=True, slots=True)
class Choice:
    """Which manifests, in microseconds since 1970: pushed from ``since`` on and before ``until``; with a tag, or none;
    one of ``ids``; for the ``platform``, as far as that is known. None is any.
    """

    since: int = 0
    until: int = EVER
    untagged: bool | None = None
    ids: frozenset[int] | None = None
    platform: str | None = None


_FOUND = "m.id, m.digest, m.media_type, m.artifact_type, m.subject, m.size, m.pushed_at"
_TAGGED = "exists (select 1 from tag t where t.manifest = m.id)"
_FOR_PLATFORM = """and (p.platforms is null or ',' || p.platforms || ',' like :alone escape '!'
                        or ',' || p.platforms || ',' like :of_its_kind escape '!')"""
_WITHIN = """(exists (select 1 from manifest_child k where k.child = m.id)
              or (m.subject is not null and exists (
                  select 1 from manifest s where s.repository = m.repository and s.digest = m.subject)))"""


def page(tx: Transaction, repository: int, choice: Choice, after: tuple[int, int], limit: int) -> list[Found]:
    """At most ``limit`` manifests that are chosen, the newest first, after that time and id.

    Without a tag, those are left out that an index holds, or whose subject is there.
    """
    platform = (choice.platform or "").replace("_", "!_")
    tagged = {None: f"({_TAGGED} or not {_WITHIN})", False: _TAGGED, True: f"not {_TAGGED} and not {_WITHIN}"}
    rows = tx.all(
        f"""select {_FOUND} from manifest m
            {"" if choice.platform is None else "left join manifest_platforms p on p.manifest = m.id"}
            where m.repository = :repository and m.pushed_at >= :since and m.pushed_at < :until
            and m.pushed_at <= :at and (m.pushed_at < :at or m.id < :id)
            {"" if choice.ids is None else "and m.id in :ids"}
            {"" if choice.platform is None else _FOR_PLATFORM} and {tagged[choice.untagged]}
            order by m.pushed_at desc, m.id desc limit :limit""",
        repository=repository,
        since=choice.since,
        until=choice.until,
        at=after[0],
        id=after[1],
        ids=sorted(choice.ids or ()),
        alone=f"%,{platform},%",
        of_its_kind=f"%,{platform}/%",
        limit=limit,
    )
    return [_found(row) for row in rows]


def of_ids(tx: Transaction, ids: Iterable[int]) -> list[Found]:
    """These manifests, the newest first."""
    rows = tx.all(f"select {_FOUND} from manifest m where m.id in :ids order by m.pushed_at desc, m.id", ids=list(ids))
    return [_found(row) for row in rows]


def tags(tx: Transaction, repository: int, manifests: Iterable[int]) -> dict[int, list[Tag]]:
    """The tags of these manifests of the repository, by name."""
    rows = tx.all(
        """select t.name, t.manifest, t.updated_at, p.at
           from tag t left join tag_pulled p on p.repository = t.repository and p.name = t.name
           where t.repository = :repository and t.manifest in :ids order by t.name""",
        repository=repository,
        ids=list(manifests),
    )
    found: dict[int, list[Tag]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(Tag(*row))
    return found


def tag_names(tx: Transaction, repository: int, beginning: str) -> list[tuple[str, int]]:
    """The tags of the repository that begin so, all where that is empty, each with its manifest."""
    within = "and name >= :low and name < :high" if beginning else ""
    rows = tx.all(
        f"select name, manifest from tag where repository = :id {within}",
        id=repository,
        low=beginning,
        high=beginning[:-1] + chr(ord(beginning[-1]) + 1) if beginning else "",
    )
    return [(row[0], row[1]) for row in rows]


def entries(tx: Transaction, repository: int, *, tagged: bool) -> list[Entry]:
    """All manifests of the repository, or those that have a tag, the newest first."""
    rows = tx.all(
        f"""select m.id, m.digest, m.pushed_at, m.subject from manifest m
            where m.repository = :id {f"and {_TAGGED}" if tagged else ""} order by m.pushed_at desc, m.id desc""",
        id=repository,
    )
    return [Entry(id, Digest.unpack(digest), at, Digest.unpack(on) if on else None) for id, digest, at, on in rows]


def all_tags(tx: Transaction, repository: int) -> list[Tag]:
    """All tags of the repository, by name, without their pulls."""
    rows = tx.all("select name, manifest, updated_at from tag where repository = :id order by name", id=repository)
    return [Tag(name, manifest, at, None) for name, manifest, at in rows]


def all_children(tx: Transaction, repository: int) -> list[tuple[int, int]]:
    """All pairs of an index of the repository and a manifest that it holds."""
    rows = tx.all(
        """select k.parent, k.child from manifest m join manifest_child k on k.parent = m.id
           where m.repository = :id""",
        id=repository,
    )
    return [(row[0], row[1]) for row in rows]


def count(tx: Transaction, repository: int) -> int:
    """How many manifests a page without a choice has in all."""
    row = tx.one(
        f"select count(*) from manifest m where m.repository = :id and ({_TAGGED} or not {_WITHIN})", id=repository
    )
    assert row is not None
    return int(row[0])


def signing_tags(tx: Transaction, repository: int) -> list[tuple[str, int]]:
    """The tags that may be made of a digest, each with its manifest."""
    rows = tx.all(
        "select name, manifest from tag where repository = :id and name >= 'sha256-' and name < 'sha256.'",
        id=repository,
    )
    return [(row[0], row[1]) for row in rows]


def children(tx: Transaction, parents: Iterable[int]) -> list[tuple[int, int]]:
    """Pairs of one of these indexes and a manifest that it holds."""
    rows = tx.all("select parent, child from manifest_child where parent in :ids", ids=list(parents))
    return [(row[0], row[1]) for row in rows]


def parents(tx: Transaction, child: int) -> list[Digest]:
    """The indexes that hold the manifest, by digest."""
    rows = tx.all(
        """select m.digest from manifest_child k join manifest m on m.id = k.parent
           where k.child = :child order by m.digest""",
        child=child,
    )
    return [Digest.unpack(row[0]) for row in rows]


def heads(tx: Transaction, manifests: Iterable[int]) -> dict[int, tuple[Digest, int]]:
    """The digest of each of these manifests, and the size of its own bytes."""
    rows = tx.all("select id, digest, size from manifest where id in :ids", ids=list(manifests))
    return {id: (Digest.unpack(digest), size) for id, digest, size in rows}


def blobs(tx: Transaction, manifests: Iterable[int]) -> list[tuple[int, int, int]]:
    """Of each blob that one of these manifests needs: that manifest, the blob's id, its size."""
    rows = tx.all(
        """select n.manifest, b.id, b.size from manifest_blob n join blob b on b.id = n.blob
           where n.manifest in :ids""",
        ids=list(manifests),
    )
    return [(row[0], row[1], row[2]) for row in rows]


def pulled(tx: Transaction, manifests: Iterable[int]) -> Mapping[int, int]:
    """When each of these manifests was last pulled; those that never were are left out."""
    return dict(tx.all("select manifest, at from manifest_pulled where manifest in :ids", ids=list(manifests)))


def referring(tx: Transaction, repository: int, subjects: Iterable[Digest]) -> list[Found]:
    """Manifests of the repository whose subject is one of these, the newest first; MOST_REFERRERS at most."""
    rows = tx.all(
        f"""select {_FOUND} from manifest m where m.repository = :repository and m.subject in :subjects
            order by m.pushed_at desc, m.id limit :most""",
        repository=repository,
        subjects=[subject.packed for subject in subjects],
        most=MOST_REFERRERS,
    )
    return [_found(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Sharing:
    """A blob that the repository has. ``others`` are names of other live repositories that have it too."""

    size: int
    others: tuple[str, ...]


def sharing(tx: Transaction, repository: int, digests: Iterable[Digest], most: int) -> dict[Digest, Sharing]:
    """Those of these blobs that the repository has, each with at most ``most`` of the others that have it."""
    rows = tx.all(
        """select b.digest, b.size,
                  (select string_agg(n.name, ',') from (
                       select r.name from repository_blob l join repository r on r.id = l.repository
                       where l.blob = b.id and l.repository <> :repository and r.deletion is null limit :most) as n)
           from blob b join repository_blob own on own.blob = b.id and own.repository = :repository
           where b.digest in :digests""",
        repository=repository,
        digests=[digest.packed for digest in digests],
        most=most,
    )
    return {
        Digest.unpack(digest): Sharing(size, tuple(sorted(names.split(",") if names else ())))
        for digest, size, names in rows
    }


def _found(row: Row) -> Found:
    subject = Digest.unpack(row[4]) if row[4] is not None else None
    return Found(row[0], Digest.unpack(row[1]), row[2], row[3], subject, row[5], row[6])
