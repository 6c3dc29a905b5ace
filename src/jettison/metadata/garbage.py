"""What the sweep looks at: deletions whose time is over, links and blobs that nothing holds, keys to be deleted.

Every step takes candidates first, locked and passing over what others hold, then checks again in a second statement:
what became needed in between stays.
"""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction

HIDDEN_A_STEP = 50
"""Manifests of a hidden repository that one transaction drops."""


@dataclass(frozen=True, slots=True)
class Discarded:
    """A key whose bytes nobody needs any more, from ``after`` (microseconds since 1970) on."""

    key: str
    size: int
    after: int


def expire(tx: Transaction) -> int:
    """End the time for undoing of every deletion whose hour has come; how many."""
    return tx.run(
        "update deletion set state = 'expired', ended_at = :now where state = 'deleted' and expires_at <= :now",
        now=tx.now,
    )


def over(tx: Transaction, limit: int) -> list[tuple[int, str, int]]:
    """Hidden repositories of deletions that nobody can undo any more, each with its name and its deletion."""
    return [
        (row[0], row[1], row[2])
        for row in tx.all(
            # Of those that are hidden, not of all deletions ever: the journal forgets nothing.
            """select r.id, r.name, d.id from repository r cross join deletion d
               where r.deletion is not null and d.id = r.deletion and d.state in ('expired', 'purged')
               and d.expires_at <= :now order by r.deletion, r.id limit :limit""",
            now=tx.now,
            limit=limit,
        )
    ]


def drop_hidden(tx: Transaction, repository: int, limit: int = HIDDEN_A_STEP) -> bool:
    """Drop rows of a hidden repository, ``limit`` manifests and links at a time; True when it is gone itself.

    The caller holds its name alone: a push may be taking something back from it. Nothing that can still be undone is
    touched, and indexes go before their children, so that what is left between two steps is whole.
    """
    if tx.one(_OVER, id=repository, now=tx.now) is None:
        return True
    room = limit
    while ids := _top_manifests(tx, repository, room):
        drop_manifests(tx, ids)
        room -= len(ids)
        if not room:
            return False
    blobs = _links(tx, repository, room)
    tx.run("delete from repository_blob where repository = :id and blob in :blobs", id=repository, blobs=blobs)
    queue(tx, blobs)
    if len(blobs) == room:
        return False
    tx.run("delete from repository where id = :id", id=repository)
    return True


def _top_manifests(tx: Transaction, repository: int, limit: int) -> list[int]:
    rows = tx.all(
        """select id from manifest where repository = :id
           and not exists (select 1 from manifest_child k where k.child = manifest.id)
           order by digest limit :limit""",
        id=repository,
        limit=limit,
    )
    return [row[0] for row in rows]


def _links(tx: Transaction, repository: int, limit: int) -> list[int]:
    rows = tx.all(
        "select blob from repository_blob where repository = :id order by blob limit :limit", id=repository, limit=limit
    )
    return [row[0] for row in rows]


_OVER = """select 1 from repository r join deletion d on d.id = r.deletion
           where r.id = :id and d.state <> 'deleted' and d.expires_at <= :now for update of r"""


def drop_manifests(tx: Transaction, ids: list[int]) -> None:
    """Drop manifests of a hidden repository with all that hangs on them; their links stay."""
    tx.run("delete from tag where manifest in :ids", ids=ids)
    tx.run("delete from manifest_child where parent in :ids", ids=ids)
    tx.run("delete from manifest_blob where manifest in :ids", ids=ids)
    tx.run("delete from missing where manifest in :ids", ids=ids)
    tx.run("delete from manifest_content where manifest in :ids", ids=ids)
    tx.run("delete from manifest where id in :ids", ids=ids)


def queue(tx: Transaction, blobs: list[int]) -> None:
    """Have the sweep look at these blobs, which lost a link."""
    tx.many(
        # Not "do nothing": a sweep that has settled this one, before our link was gone, must be waited for.
        """insert into candidate (blob) values (:blob) on conflict (blob) do update set blob = excluded.blob""",
        [{"blob": blob} for blob in sorted(set(blobs))],
    )


def drop_leased(tx: Transaction, limit: int) -> tuple[int, list[str]]:
    """Drop links whose lease is over and that no manifest needs; how many, and of which repositories that have none."""
    rows = tx.all(
        """select repository, blob from repository_blob where leased_until <= :now
           order by leased_until limit :limit for update skip locked""",
        now=tx.now,
        limit=limit,
    )
    dropped = [(repository, blob) for repository, blob in sorted(rows) if _drop_link(tx, repository, blob)]
    queue(tx, [blob for _, blob in dropped])
    names = tx.all(
        "select name from repository where id in :ids and deletion is null and listed = 0 order by name",
        ids=sorted({repository for repository, _ in dropped}),
    )
    return len(dropped), [row[0] for row in names]


def _drop_link(tx: Transaction, repository: int, blob: int) -> bool:
    changed = tx.run(
        """delete from repository_blob
           where repository = :repository and blob = :blob and leased_until <= :now
           and not exists (select 1 from manifest_blob b where b.repository = :repository and b.blob = :blob)""",
        repository=repository,
        blob=blob,
        now=tx.now,
    )
    return changed == 1


def drop_unlinked(tx: Transaction, after: int, limit: int) -> tuple[int, int]:
    """Drop candidates that no repository has, and discard their keys; how many were settled, how many dropped.

    One that another transaction holds stays a candidate: it may lose that holder.
    """
    rows = tx.all("select blob from candidate order by blob limit :limit for update skip locked", limit=limit)
    candidates = [row[0] for row in rows]
    locked = tx.all("select id from blob where id in :ids order by id for update skip locked", ids=candidates)
    unlinked = tx.all(
        """select id, key, digest from blob where id in :ids
           and not exists (select 1 from repository_blob l where l.blob = blob.id)""",
        ids=[row[0] for row in locked],
    )
    tx.run("delete from blob where id in :ids", ids=[id for id, _, _ in unlinked])
    discard(tx, sorted({key for _, key, _ in unlinked}), after)
    names = [{"key": key, "digest": digest} for _, key, digest in unlinked]
    tx.many("update discarded set digest = :digest where key = :key", names)
    there = tx.all("select id from blob where id in :ids", ids=candidates)
    held = {row[0] for row in there} - {row[0] for row in locked}
    settled = [blob for blob in candidates if blob not in held]
    tx.run("delete from candidate where blob in :settled", settled=settled)
    return len(settled), len(unlinked)


def discard(tx: Transaction, keys: list[str], after: int) -> None:
    """Rows first, files later: what nobody names any more goes when everybody who may read it has ended."""
    # Of two who take the last names of one key at once, the second sees here that the first has.
    tx.all("select key from stored where key in :keys order by key for update", keys=keys)
    tx.run(
        """insert into discarded (key, size, after) select key, size, :after from stored
           where key in :keys and not exists (select 1 from blob b where b.key = stored.key)""",
        keys=keys,
        after=after,
    )
    tx.run(
        "delete from stored where key in :keys and not exists (select 1 from blob b where b.key = stored.key)",
        keys=keys,
    )


def discarded(tx: Transaction, limit: int) -> list[Discarded]:
    """Keys whose bytes may go now."""
    rows = tx.all(
        "select key, size, after from discarded where after <= :now order by after limit :limit",
        now=tx.now,
        limit=limit,
    )
    return [Discarded(*row) for row in rows]


def forget(tx: Transaction, keys: list[str]) -> None:
    """The bytes of these keys are gone."""
    tx.run("delete from discarded where key in :keys", keys=keys)
