"""Deleting: one plan, one transaction, one entry of the journal. The next request, in any process, sees it done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from jettison.metadata import deletions, hidden, repositories
from jettison.metadata.database import Lock, Transaction
from jettison.oci.errors import Json, TooLarge, Unsupported
from jettison.registry import audit
from jettison.registry.access import EVERYONE, Action, Caller
from jettison.registry.audit import Deed
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.plan import Part, Plan, plan_deletion
from jettison.registry.points import reach
from jettison.registry.registry import Registry
from jettison.registry.shown import Shown
from jettison.registry.target import Choice, Target
from jettison.registry.times import rfc3339

MOST_TARGETS = 10_000
"""Of one deletion: it keeps other writers waiting for a second or two then."""

MOST_REPOSITORIES = 1000
"""Of one deletion: each takes a lock until its end, and PostgreSQL has room for some thousands in all."""

TARGETS_NOTED = 20
"""Of one deletion, in the audit log: the journal has them all."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A deletion that was carried out. ``undo_until`` (microseconds since 1970) is None if it cannot be undone."""

    id: int
    plan: Plan
    undo_until: int | None

    def to_json(self) -> dict[str, Json]:
        """The plan as it was carried out, with the deletion's id and until when it can be undone (RFC 3339)."""
        return {**self.plan.to_json(), "deletion": self.id, "undo_until": rfc3339(self.undo_until)}


def plan(registry: Registry, *targets: Target, choice: Choice | None = None, caller: Caller = EVERYONE) -> Plan:
    """The plan for all ``targets``, and what ``choice`` chooses of what ``caller`` may see, as things stand.

    Raises Unsupported where deletion is off, Unauthorized or Denied where the caller may not delete all of it,
    TooLarge, what choosing raises, and what planning does: :func:`jettison.registry.plan.plan_deletion`.
    """
    check_enabled(registry)
    caller.require_each(Action.DELETE, _names(targets))

    def work(tx: Transaction) -> Plan:
        chosen = choice.choose(tx, _matching(tx, choice, caller)) if choice is not None else ()
        return _plan(tx, [*targets, *chosen])

    return registry.database.read(work, snapshot=True)


def delete(
    registry: Registry,
    *targets: Target,
    choice: Choice | None = None,
    expected: Plan | Shown | None = None,
    purge: bool = False,
    reason: str = "",
    origin: Origin = NOBODY,
    caller: Caller = EVERYONE,
) -> Deleted:
    """Carry out the deletion of all ``targets``, and what ``choice`` chooses, as one: decided in the same transaction.

    With ``expected``, a plan that was shown, nothing is done if it is not what would happen now: PlanOutdated.
    With ``purge`` it cannot be undone. Raises what :func:`plan` raises.
    """
    check_enabled(registry)
    caller.require_each(Action.DELETE, _names(targets))
    shown = Shown.of(expected) if isinstance(expected, Plan) else expected
    # A repository that comes to match only now is not among them, and so nothing of it goes: its name is not held.
    matching = registry.database.read(lambda tx: _matching(tx, choice, caller)) if choice is not None else ()
    names = _names(targets) | set(matching)
    _check_number(len(names), MOST_REPOSITORIES, "repositories")

    def work(tx: Transaction) -> Deleted:
        chosen = choice.choose(tx, matching) if choice is not None else ()
        made = _plan(tx, [*targets, *chosen])
        if shown is not None:
            shown.compare(made)
        registry.events.deleted(tx, origin, made)
        done = _execute(tx, registry, made, purge=purge, actor=caller.name or "anonymous", reason=reason)
        _note(tx, origin, caller, done, reason)
        return done

    reach("delete.take")
    deleted = registry.database.write(work, Lock.alone(*names))
    registry.tally.deleted(deleted.plan.kind)
    return deleted


def _names(targets: Sequence[Target]) -> set[str]:
    return {target.repository.value for target in targets}


def _matching(tx: Transaction, choice: Choice, caller: Caller) -> list[str]:
    """What is chosen of what the caller may see; nothing else of it is told."""
    names = [name for name in choice.matching(tx) if caller.may_list(name)]
    caller.require_each(Action.DELETE, names)
    return names


def _plan(tx: Transaction, targets: Sequence[Target]) -> Plan:
    _check_number(len(targets), MOST_TARGETS, "targets")
    _check_number(len({target.repository for target in targets}), MOST_REPOSITORIES, "repositories")
    return plan_deletion(tx, targets)


def _check_number(number: int, most: int, what: str) -> None:
    if number > most:
        raise TooLarge(
            f"one deletion takes at most {most} {what}, and this one has {number}: delete in several steps",
            {"most": most, "asked": number},
        )


def check_enabled(registry: Registry) -> None:
    """Raise Unsupported, saying how deletion is turned on, where it is off."""
    if not registry.rules.delete_enabled:
        raise Unsupported(
            "deletion is off: set storage.delete.enabled to true in the configuration file, or start with "
            "REGISTRY_STORAGE_DELETE_ENABLED=true"
        )


def _execute(tx: Transaction, registry: Registry, plan: Plan, *, purge: bool, actor: str, reason: str) -> Deleted:
    undo = 0 if purge else registry.rules.undo
    expires_at = tx.now + (undo or registry.rules.sweep_grace)
    deletion = deletions.add(
        tx,
        kind=plan.kind,
        state="deleted" if undo else "purged",
        repository=",".join(plan.repositories),
        actor=actor,
        reason=reason,
        expires_at=expires_at,
        summary=json.dumps(plan.to_json()),
    )
    for part in plan.parts:
        if part.whole:
            repositories.hide(tx, part.repository, deletion)
        else:
            _take(tx, part, repositories.create_hidden(tx, part.name, deletion))
            repositories.unlist_if_empty(tx, part.repository)
            repositories.drop_empty(tx, part.name)
    return Deleted(deletion, plan, expires_at if undo else None)


def _note(tx: Transaction, origin: Origin, caller: Caller, done: Deleted, reason: str) -> None:
    plan = done.plan
    detail: dict[str, Json] = {
        "kind": plan.kind,
        "targets": [str(target) for target in plan.targets[:TARGETS_NOTED]],
        "tags": plan.tags,
        "versions": plan.versions,
        "reason": reason,
        "undo": done.undo_until is not None,
    }
    audit.note(tx, origin, caller, Deed.DELETE, str(done.id), repositories=plan.repositories, detail=detail)


def _take(tx: Transaction, part: Part, repository: int) -> None:
    # Manifests before tags: a tag's manifest is copied, and what was moved need not be.
    if part.manifests:
        hidden.take_manifests(tx, part.repository, repository, part.manifests)
    for tag, manifest in part.untagged:
        hidden.take_tag(tx, part.repository, repository, tag, manifest)
    for blob in part.blobs:
        hidden.take_link(tx, part.repository, repository, blob)
