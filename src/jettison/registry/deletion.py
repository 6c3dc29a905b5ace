"""Deleting: one plan, one transaction, one entry of the journal. The next request, in any process, sees it done."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from jettison.metadata import deletions, hidden, repositories
from jettison.metadata.database import Lock, Transaction
from jettison.oci.errors import Json, PlanOutdated, Unsupported
from jettison.oci.reference import Tag
from jettison.registry.plan import Plan, Target, plan_deletion
from jettison.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion that was carried out. ``undo_until`` (microseconds since 1970) is None if it cannot be undone."""

    id: int
    plan: Plan
    undo_until: int | None

    def to_json(self) -> dict[str, Json]:
        """The plan as it was carried out, with the deletion's id and until when it can be undone (RFC 3339)."""
        return {**self.plan.to_json(), "deletion": self.id, "undo_until": rfc3339(self.undo_until)}


def plan(registry: Registry, target: Target) -> Plan:
    """The plan for ``target`` as things stand; see :func:`jettison.registry.plan.plan_deletion` for what it raises."""
    check_enabled(registry)
    return registry.database.read(lambda tx: plan_deletion(tx, target), snapshot=True)


def delete(
    registry: Registry,
    target: Target,
    *,
    expected: Plan | None = None,
    purge: bool = False,
    actor: str = "anonymous",
    reason: str = "",
) -> Deleted:
    """Carry out the deletion of ``target``, decided in the same transaction.

    With ``expected``, a plan that was shown, nothing is done if it is not what would happen now: PlanOutdated.
    With ``purge`` it cannot be undone. Raises what planning raises, and Unsupported where deletion is off.
    """
    check_enabled(registry)

    def work(tx: Transaction) -> Deleted:
        made = plan_deletion(tx, target)
        if expected is not None and expected != made:
            raise PlanOutdated(f"{target} has changed since the plan was made: look at the new plan, then decide again")
        return _execute(tx, registry, made, purge=purge, actor=actor, reason=reason)

    return registry.database.write(work, Lock.alone(target.repository.value))


def check_enabled(registry: Registry) -> None:
    """Raise Unsupported, saying how deletion is turned on, where it is off."""
    if not registry.rules.delete_enabled:
        raise Unsupported(
            "deletion is off: set storage.delete.enabled to true in the configuration file, or start with "
            "REGISTRY_STORAGE_DELETE_ENABLED=true"
        )


def _execute(tx: Transaction, registry: Registry, plan: Plan, *, purge: bool, actor: str, reason: str) -> Deleted:
    undo = 0 if purge else registry.rules.undo
    expires_at = tx.now + (undo or registry.rules.push_grace)
    deletion = deletions.add(
        tx,
        kind=plan.target.kind,
        state="deleted" if undo else "purged",
        repository=str(plan.target.repository),
        actor=actor,
        reason=reason,
        expires_at=expires_at,
        summary=json.dumps(plan.to_json()),
    )
    if plan.target.reference is None:
        repositories.hide(tx, plan.repository, deletion)
    else:
        _take(tx, plan, repositories.create_hidden(tx, str(plan.target.repository), deletion))
        repositories.unlist_if_empty(tx, plan.repository)
    return Deleted(deletion, replace(plan, ids=()), expires_at if undo else None)


def _take(tx: Transaction, plan: Plan, repository: int) -> None:
    reference = plan.target.reference
    if isinstance(reference, Tag):
        hidden.take_tag(tx, plan.repository, repository, reference.value, plan.ids[0])
    elif plan.target.blob:
        hidden.take_link(tx, plan.repository, repository, plan.ids[0])
    else:
        hidden.take_manifests(tx, plan.repository, repository, plan.ids)


def rfc3339(microseconds: int | None) -> str | None:
    """A time of the database as people and JSON read it, in whole seconds."""
    if microseconds is None:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
