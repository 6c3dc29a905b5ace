"""Why something is still there: all that holds a digest, since when, and when it goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata import why
from jettison.metadata.database import Transaction
from jettison.metadata.why import Home, Session, Taking, Version
from jettison.oci.digest import Digest
from jettison.oci.errors import Json
from jettison.registry.registry import Registry, Rules
from jettison.registry.times import rfc3339

MOST = 100
"""Versions that need a blob, and others like them, that an answer names: a base layer is needed by thousands."""

MOST_ABOVE = 1000
"""Indexes and tags above these that it names."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A version that holds the digest: it is it or needs it (``itself``), or others that do stay because of it.

    ``indexes`` hold it, and it refers to ``subject``: these are holders too. Times are microseconds since 1970.
    """

    digest: Digest
    media_type: str
    since: int
    itself: bool
    tags: tuple[tuple[str, int], ...]
    indexes: tuple[Digest, ...]
    subject: Digest | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "mediaType": self.media_type,
            "since": rfc3339(self.since),
            "itself": self.itself,
            "tags": [{"name": name, "since": rfc3339(since)} for name, since in self.tags],
            "indexes": [str(digest) for digest in self.indexes],
            "subject": str(self.subject) if self.subject else None,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """A repository that has the digest, or what a deletion has taken out of it.

    ``leased_until`` is until when it is kept though no version needs it.
    """

    repository: str
    deletion: Taking | None
    leased_until: int | None
    holders: tuple[Holder, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "repository": self.repository,
            "deletion": _deletion_json(self.deletion),
            "leased_until": rfc3339(self.leased_until),
            "holders": [holder.to_json() for holder in self.holders],
        }


@dataclass(frozen=True, slots=True)
class Going:
    """When it goes. Last of all a ``lease``, ``undo`` or ``grace`` holds it, until ``held_until``; or nothing does.

    What nothing holds the next sweep drops; the bytes go at ``bytes_at``, at the earliest.
    """

    held_by: str | None
    held_until: int | None
    bytes_at: int

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "held_by": self.held_by,
            "held_until": rfc3339(self.held_until),
            "bytes_at": rfc3339(self.bytes_at),
        }


@dataclass(frozen=True, slots=True)
class Why:
    """All that is known of a digest: what it is, and what holds it where.

    ``versions`` counts the ones that need it, of which the places name at most MOST. ``awaited_by`` are versions of
    repositories that name it and do not have it. ``going`` is None where it stays, and where there is nothing.
    """

    digest: Digest
    size: int | None
    blob: bool
    manifest: bool
    damaged: bool
    versions: int
    places: tuple[Place, ...]
    uploads: tuple[Session, ...]
    awaited_by: tuple[tuple[str, Digest], ...]
    going: Going | None

    @property
    def known(self) -> bool:
        """Whether the registry has anything of it, or is waiting for it."""
        return self.size is not None or bool(self.uploads or self.awaited_by)

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "digest": str(self.digest),
            "known": self.known,
            "size": self.size,
            "blob": self.blob,
            "manifest": self.manifest,
            "damaged": self.damaged,
            "versions": self.versions,
            "places": [place.to_json() for place in self.places],
            "uploads": [_upload_json(upload) for upload in self.uploads],
            "awaited_by": [{"repository": name, "digest": str(digest)} for name, digest in self.awaited_by],
            "going": self.going.to_json() if self.going else None,
        }


def why_is(registry: Registry, digest: Digest) -> Why:
    """What holds the digest, as of one moment."""
    return registry.database.read(lambda tx: _explain(tx, registry.rules, digest), snapshot=True)


def _explain(tx: Transaction, rules: Rules, digest: Digest) -> Why:
    blob = why.blob(tx, digest)
    links = why.links(tx, blob.id) if blob else []
    named = why.named(tx, digest)
    discarded = why.discarded(tx, digest)
    sizes = [
        *([blob.size] if blob else ()),
        *(version.size for version in named),
        *(discarded[:1] if discarded else ()),
    ]
    leases = {link.home: link.leased_until for link in links} | {version.home: None for version in named}
    takings = why.takings(tx, {home.deletion for home in leases if home.deletion is not None})
    holders = _holders(tx, [*named[:MOST], *(why.needing(tx, blob.id, MOST) if blob else ())])
    return Why(
        digest,
        size=sizes[0] if sizes else None,
        blob=blob is not None or discarded is not None,
        manifest=bool(named),
        damaged=blob is not None and blob.damaged,
        versions=why.count_needing(tx, blob.id) if blob else 0,
        places=tuple(
            Place(home.name, takings.get(home.deletion or 0), leases.get(home), tuple(holders.get(home, ())))
            for home in _shown(leases, holders)
        ),
        uploads=tuple(why.sessions(tx, digest)),
        awaited_by=tuple((version.home.name, version.digest) for version in why.awaiting(tx, digest, MOST)),
        going=_going(tx.now, rules, leases, takings, discarded) if sizes else None,
    )


def _shown(leases: Iterable[Home], holders: Iterable[Home]) -> list[Home]:
    """The repositories that an answer names: those of the versions that it names, and so many more."""
    named = dict.fromkeys([*holders, *list(leases)[:MOST]])
    return sorted(named, key=lambda home: (home.deletion is not None, home.name, home.id))


def _holders(tx: Transaction, first: list[Version]) -> dict[Home, list[Holder]]:
    """By repository: these versions, then all that they are held by, upwards through indexes and subjects."""
    versions = {version.id: version for version in first}
    indexes: dict[int, list[Digest]] = {}
    subjects: dict[int, Digest] = {}
    front: Iterable[int] = list(versions)
    while front:
        above = why.indexes(tx, front, MOST_ABOVE)
        for held, index in above:
            indexes.setdefault(held, []).append(index.digest)
        referred = why.subjects(tx, front)
        subjects |= {held: subject.digest for held, subject in referred}
        fresh = {version.id: version for _, version in (*above, *referred) if version.id not in versions}
        versions |= fresh
        front = list(fresh)
    tags = why.tags(tx, versions, MOST_ABOVE)
    itself = {version.id for version in first}
    found: dict[Home, list[Holder]] = {}
    for id, version in versions.items():
        holder = Holder(
            version.digest,
            version.media_type,
            version.pushed_at,
            id in itself,
            tuple(tags.get(id, ())),
            tuple(indexes.get(id, ())),
            subjects.get(id),
        )
        found.setdefault(version.home, []).append(holder)
    return found


def _going(
    now: int,
    rules: Rules,
    leases: dict[Home, int | None],
    takings: dict[int, Taking],
    discarded: tuple[int, int] | None,
) -> Going | None:
    """When the last hold on it ends; None if one does not end by itself."""
    if not leases and discarded is not None:
        return Going("grace", discarded[1], discarded[1])
    held: list[tuple[int, str]] = []
    for home, lease in leases.items():
        taking = takings.get(home.deletion or 0)
        if taking is not None and (lease is None or lease > taking.expires_at):
            held.append((taking.expires_at, "undo" if taking.state == "deleted" else "grace"))
        elif lease is not None:
            held.append((lease, "lease"))
        else:
            return None
    until, by = max(held, default=(now, ""))
    if until <= now:
        return Going(None, None, now + rules.sweep_grace)
    return Going(by, until, until + rules.sweep_grace)


def _deletion_json(taking: Taking | None) -> Json:
    if taking is None:
        return None
    return {
        "deletion": taking.id,
        "kind": taking.kind,
        "state": taking.state,
        "actor": taking.actor,
        "reason": taking.reason,
        "deleted_at": rfc3339(taking.deleted_at),
        "held_until": rfc3339(taking.expires_at),
    }


def _upload_json(upload: Session) -> Json:
    return {
        "upload": upload.id,
        "repository": upload.repository,
        "received": upload.received,
        "since": rfc3339(upload.started_at),
        "touched_at": rfc3339(upload.touched_at),
    }
