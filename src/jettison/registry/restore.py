"""Undoing a deletion, or making it final."""

from __future__ import annotations

import json
from dataclasses import dataclass

from jettison.metadata import deletions, repositories, restoring
from jettison.metadata.database import Lock, Transaction
from jettison.metadata.deletions import Entry
from jettison.oci.errors import DeletionEnded, DeletionUnknown, Json
from jettison.registry import audit
from jettison.registry.access import EVERYONE, Action, Caller
from jettison.registry.audit import Deed
from jettison.registry.deletion import check_enabled
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.points import reach
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339


@dataclass(frozen=True, slots=True)
class Left:
    """A tag that was not restored, since it was pushed again: it points at ``now``, and pointed at ``deleted``."""

    repository: str
    tag: str
    now: str
    deleted: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: how many tags and versions, and the tags that were left as they are."""

    deletion: int
    tags: int
    versions: int
    left: tuple[Left, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        left: Json = [
            {"repository": one.repository, "tag": one.tag, "now": one.now, "deleted": one.deleted} for one in self.left
        ]
        return {"deletion": self.deletion, "tags": self.tags, "versions": self.versions, "left": left}


def find(registry: Registry, id: int, caller: Caller = EVERYONE) -> Entry:
    """The journal's entry. Raises DeletionUnknown, also where the caller may not delete what it took."""
    entry = registry.database.read(lambda tx: deletions.find(tx, id))
    if entry is None or not may_see(entry, caller):
        raise DeletionUnknown(f"there is no deletion {id}: GET /api/v1/deletions lists them", {"deletion": id})
    return entry


def may_see(entry: Entry, caller: Caller) -> bool:
    """Whether the journal has the entry for this caller: who may delete all that it took, and nobody else."""
    return all(caller.may(Action.DELETE, name) for name in entry.repositories)


def restore(registry: Registry, id: int, origin: Origin = NOBODY, caller: Caller = EVERYONE) -> Restored:
    """Bring back what the deletion took: tags, versions, children and referrers, in one transaction.

    A tag that was pushed again is left as it is, and named. Raises DeletionUnknown; DeletionEnded if it was restored
    or purged before, its time is over, or nothing of it could come back.
    """
    names = _names(registry, find(registry, id, caller))
    reach("restore.begin")

    def work(tx: Transaction) -> Restored:
        if not deletions.end(tx, id, "restored", tx.now):
            raise _ended(tx, id)
        restored = Restored(id, 0, 0, ())
        for repository, name in deletions.hidden_repositories(tx, id):
            restored = _restore_one(tx, registry, restored, repository, name, origin)
        if restored.left and not restored.tags and not restored.versions:
            named = ", ".join(f"{left.repository}:{left.tag}" for left in restored.left[:3])
            message = f"nothing to restore: {named} was pushed again since; delete that first"
            raise DeletionEnded(message, {"deletion": id})
        detail = {"tags": restored.tags, "versions": restored.versions, "left": len(restored.left)}
        audit.note(tx, origin, caller, Deed.RESTORE, str(id), repositories=names, detail=detail)
        return restored

    return registry.database.write(work, Lock.alone(*names))


def _restore_one(
    tx: Transaction, registry: Registry, so_far: Restored, repository: int, name: str, origin: Origin
) -> Restored:
    live = repositories.find(tx, name)
    lease_until = tx.now + registry.rules.upload_lease
    if live is None:
        tags, versions = restoring.counts(tx, repository)
        registry.events.restored(tx, origin, name, repository)
        restoring.unhide(tx, repository, lease_until)
        return Restored(so_far.deletion, so_far.tags + tags, so_far.versions + versions, so_far.left)
    there = restoring.tags_of(tx, repository, live)
    coming = [tag for tag in there if tag.live is None]
    left = tuple(
        Left(name, tag.name, str(tag.live), str(tag.digest)) for tag in there if tag.live not in (None, tag.digest)
    )
    taken = restoring.taken(tx, repository)
    registry.events.restored(tx, origin, name, repository, taken, [tag.name for tag in coming])
    restoring.merge(tx, repository, live, [*taken, *(tag.manifest for tag in coming)], coming, lease_until)
    return Restored(so_far.deletion, so_far.tags + len(coming), so_far.versions + len(taken), (*so_far.left, *left))


def purge(registry: Registry, id: int, caller: Caller = EVERYONE, origin: Origin = NOBODY) -> Entry:
    """Make the deletion final: its space comes back after the grace that a push in flight needs.

    Raises DeletionUnknown and DeletionEnded, and Unsupported where deletion is off.
    """
    check_enabled(registry)
    names = _names(registry, find(registry, id, caller))
    reach("purge.begin")

    def work(tx: Transaction) -> None:
        if not deletions.end(tx, id, "purged", tx.now + registry.rules.sweep_grace):
            raise _ended(tx, id)
        audit.note(tx, origin, caller, Deed.PURGE, str(id), repositories=names)

    registry.database.write(work, Lock.alone(*names))
    return find(registry, id)


def _names(registry: Registry, entry: Entry) -> list[str]:
    hidden = registry.database.read(lambda tx: deletions.hidden_repositories(tx, entry.id))
    return sorted({name for _, name in hidden})


def _ended(tx: Transaction, id: int) -> DeletionEnded:
    entry = deletions.find(tx, id)
    assert entry is not None, "the journal forgets nothing"
    how = {
        "restored": f"was restored at {rfc3339(entry.ended_at)}",
        "purged": f"was purged at {rfc3339(entry.ended_at)}",
    }.get(entry.state, f"could be undone until {rfc3339(entry.expires_at)}")
    return DeletionEnded(f"deletion {id} {how}: nothing was changed", {"deletion": id, "state": entry.state})


def entry_json(entry: Entry) -> dict[str, Json]:
    """The journal's entry as a JSON object, with its plan under ``plan``."""
    return {
        "deletion": entry.id,
        "kind": entry.kind,
        "state": entry.state,
        "repository": entry.repository,
        "actor": entry.actor,
        "reason": entry.reason,
        "deleted_at": rfc3339(entry.deleted_at),
        "undo_until": rfc3339(entry.expires_at) if entry.state == "deleted" else None,
        "ended_at": rfc3339(entry.ended_at),
        "plan": json.loads(entry.summary),
    }
