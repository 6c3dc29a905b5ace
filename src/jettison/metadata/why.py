"""What holds a digest: the manifests that need it and all that leads to them, leases, deletions, uploads.

Everything is asked of one moment: the caller reads in a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata.database import Row, Transaction
from jettison.oci.digest import Digest


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob as it is stored."""

    id: int
    size: int
    damaged: bool


@dataclass(frozen=True, slots=True)
class Home:
    """A repository; ``deletion`` is the one that hid it, None where it is live."""

    id: int
    name: str
    deletion: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A repository that has a blob; ``leased_until`` is None while a manifest needs it."""

    home: Home
    leased_until: int | None


@dataclass(frozen=True, slots=True)
class Version:
    """A manifest of a repository. Its time is in microseconds since 1970."""

    id: int
    home: Home
    digest: Digest
    media_type: str
    size: int
    pushed_at: int


@dataclass(frozen=True, slots=True)
class Taking:
    """A deletion that holds what it took until ``expires_at``."""

    id: int
    kind: str
    state: str
    actor: str
    reason: str
    deleted_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Session:
    """An upload whose bytes so far have the digest; times are microseconds since 1970."""

    id: str
    repository: str
    received: int
    started_at: int
    touched_at: int


def blob(tx: Transaction, digest: Digest) -> Blob | None:
    """The blob of that digest."""
    row = tx.one(
        "select b.id, b.size, s.damaged from blob b join stored s on s.key = b.key where b.digest = :digest",
        digest=digest.packed,
    )
    return Blob(row[0], row[1], row[2] != 0) if row else None


def discarded(tx: Transaction, digest: Digest) -> tuple[int, int] | None:
    """Bytes of the digest whose rows are gone: their size, and when the last of them may be deleted."""
    row = tx.one(
        "select size, after from discarded where digest = :digest order by after desc limit 1", digest=digest.packed
    )
    return (row[0], row[1]) if row else None


_LIVE_FIRST = "case when r.deletion is null then 0 else 1 end, r.name, r.id"


def links(tx: Transaction, blob: int) -> list[Link]:
    """All repositories that have the blob, the live ones first, by name."""
    rows = tx.all(
        f"""select r.id, r.name, r.deletion, l.leased_until
            from repository_blob l join repository r on r.id = l.repository
            where l.blob = :blob order by {_LIVE_FIRST}""",
        blob=blob,
    )
    return [Link(Home(*row[:3]), row[3]) for row in rows]


_VERSION = "m.id, r.id, r.name, r.deletion, m.digest, m.media_type, m.size, m.pushed_at"


def needing(tx: Transaction, blob: int, limit: int) -> list[Version]:
    """At most ``limit`` manifests that need the blob, those of live repositories first."""
    rows = tx.all(
        f"""select {_VERSION} from repository_blob l join repository r on r.id = l.repository
            join manifest_blob b on b.repository = l.repository and b.blob = l.blob join manifest m on m.id = b.manifest
            where l.blob = :blob order by {_LIVE_FIRST}, m.pushed_at, m.id limit :limit""",
        blob=blob,
        limit=limit,
    )
    return [_version(row) for row in rows]


def count_needing(tx: Transaction, blob: int) -> int:
    """How many manifests, live and hidden, need the blob."""
    row = tx.one(
        """select count(*) from repository_blob l
           join manifest_blob b on b.repository = l.repository and b.blob = l.blob where l.blob = :blob""",
        blob=blob,
    )
    assert row is not None
    return int(row[0])


def named(tx: Transaction, digest: Digest) -> list[Version]:
    """The manifests of that digest, in every repository that has one."""
    rows = tx.all(
        f"""select {_VERSION} from repository r join manifest m on m.repository = r.id and m.digest = :digest
            order by {_LIVE_FIRST}""",
        digest=digest.packed,
    )
    return [_version(row) for row in rows]


def awaiting(tx: Transaction, digest: Digest, limit: int) -> list[Version]:
    """At most ``limit`` manifests that name the digest, of repositories that do not have it."""
    rows = tx.all(
        f"""select {_VERSION} from repository r join missing x on x.repository = r.id and x.digest = :digest
            join manifest m on m.id = x.manifest order by {_LIVE_FIRST}, m.id limit :limit""",
        digest=digest.packed,
        limit=limit,
    )
    return [_version(row) for row in rows]


def indexes(tx: Transaction, manifests: Iterable[int], limit: int) -> list[tuple[int, Version]]:
    """The indexes that hold these manifests: at most ``limit`` pairs of one and such an index."""
    rows = tx.all(
        f"""select k.child, {_VERSION} from manifest_child k join manifest m on m.id = k.parent
            join repository r on r.id = m.repository
            where k.child in :manifests order by k.child, m.id limit :limit""",
        manifests=list(manifests),
        limit=limit,
    )
    return [(row[0], _version(row[1:])) for row in rows]


def subjects(tx: Transaction, manifests: Iterable[int]) -> list[tuple[int, Version]]:
    """Pairs of one of these manifests and its subject, where its repository has that."""
    rows = tx.all(
        f"""select n.id, {_VERSION} from manifest n
            join manifest m on m.repository = n.repository and m.digest = n.subject
            join repository r on r.id = m.repository where n.id in :manifests order by n.id""",
        manifests=list(manifests),
    )
    return [(row[0], _version(row[1:])) for row in rows]


def tags(tx: Transaction, manifests: Iterable[int], limit: int) -> dict[int, list[tuple[str, int]]]:
    """The tags of these manifests, each with the time since when it points there; at most ``limit``."""
    found: dict[int, list[tuple[str, int]]] = {}
    for manifest, name, updated_at in tx.all(
        "select manifest, name, updated_at from tag where manifest in :ids order by manifest, name limit :limit",
        ids=list(manifests),
        limit=limit,
    ):
        found.setdefault(manifest, []).append((name, updated_at))
    return found


def takings(tx: Transaction, deletions: Iterable[int]) -> dict[int, Taking]:
    """These deletions, by their ids."""
    rows = tx.all(
        "select id, kind, state, actor, reason, deleted_at, expires_at from deletion where id in :ids",
        ids=list(deletions),
    )
    return {row[0]: Taking(*row) for row in rows}


def sessions(tx: Transaction, digest: Digest) -> list[Session]:
    """The uploads whose bytes so far have the digest."""
    rows = tx.all(
        """select id, repository, received, started_at, touched_at from upload
           where digest_so_far = :digest and ended = 0 order by started_at""",
        digest=digest.packed,
    )
    return [Session(*row) for row in rows]


def _version(row: Row) -> Version:
    return Version(row[0], Home(*row[1:4]), Digest.unpack(row[4]), *row[5:])
