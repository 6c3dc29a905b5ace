"""The audit log: who did what, from where, with what result. It is written with what it tells of, and never changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import Enum

from jettison.metadata import audit
from jettison.metadata.audit import Entry, Filter
from jettison.metadata.database import Transaction
from jettison.oci.errors import Json
from jettison.registry.access import Caller
from jettison.registry.listing import Page
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339

NEWEST = 2**63 - 1
ANY = Filter()


class Deed(Enum):
    """What can be told of."""

    PUSH = "push"
    """A manifest, with the tags that it was given. Blobs are what manifests name."""
    DELETE = "delete"
    RESTORE = "restore"
    PURGE = "purge"
    SWEEP = "sweep"
    """One that a person asked for."""
    SIGN_IN = "sign-in"
    ACCOUNT_ADD = "account-add"
    ACCOUNT_CHANGE = "account-change"
    """Disabled or enabled, made an administrator or no longer one, its groups."""
    ACCOUNT_REMOVE = "account-remove"
    PASSWORD = "password"  # noqa: S105  (the word for its change)
    ROBOT_ADD = "robot-add"
    ROBOT_CHANGE = "robot-change"
    ROBOT_REMOVE = "robot-remove"
    GRANT = "grant"
    REVOKE = "revoke"
    """Of a grant, or of what somebody has signed in with."""
    KEYS = "keys"
    """Of tokens: made, rotated."""


class Result(Enum):
    """What came of it."""

    DONE = "done"
    REFUSED = "refused"


def note(
    tx: Transaction,
    origin: Origin,
    caller: Caller,
    deed: Deed,
    target: str = "",
    *,
    repositories: Iterable[str] = (),
    result: Result = Result.DONE,
    detail: Mapping[str, Json] | None = None,
) -> None:
    """Note it, as part of the transaction that does it: what was rolled back was not done.

    ``target`` is what it was done to: an account's name, a tag, a digest, a deletion's number. ``detail`` must hold no
    secret; it is for what one asks later, and small.
    """
    audit.add(
        tx,
        kind=caller.kind.value,
        who=caller.name,
        address=origin.address,
        request=origin.id,
        action=deed.value,
        repository=",".join(repositories),
        target=target,
        result=result.value,
        detail=json.dumps(detail or {}, separators=(",", ":"), ensure_ascii=False),
    )


def page(registry: Registry, limit: int, before: int = NEWEST, only: Filter = ANY) -> Page[Entry]:
    """At most ``limit`` lines older than the one of id ``before``, the newest first."""
    entries = registry.database.read(lambda tx: audit.page(tx, before=before, limit=limit + 1, only=only))
    return Page(entries[:limit], len(entries) > limit)


def entry_json(entry: Entry) -> dict[str, Json]:
    """A line as a JSON object."""
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "kind": entry.kind,
        "who": entry.who,
        "address": entry.address,
        "request": entry.request,
        "action": entry.action,
        "repositories": entry.repository.split(",") if entry.repository else [],
        "target": entry.target,
        "result": entry.result,
        "detail": json.loads(entry.detail),
    }
