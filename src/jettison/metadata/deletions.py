"""The journal of deletions: what went, when, by whom, until when it can be undone."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One deletion. Times are microseconds since 1970; ``summary`` is its plan as JSON."""

    id: int
    kind: str
    state: str
    repository: str
    actor: str
    reason: str
    deleted_at: int
    expires_at: int
    summary: str


def add(
    tx: Transaction, *, kind: str, state: str, repository: str, actor: str, reason: str, expires_at: int, summary: str
) -> int:
    """Write an entry; its id."""
    row = tx.one(
        """insert into deletion (kind, state, repository, actor, reason, deleted_at, expires_at, summary)
           values (:kind, :state, :repository, :actor, :reason, :now, :expires_at, :summary) returning id""",
        kind=kind,
        state=state,
        repository=repository,
        actor=actor,
        reason=reason,
        now=tx.now,
        expires_at=expires_at,
        summary=summary,
    )
    assert row is not None
    return int(row[0])


def find(tx: Transaction, id: int) -> Entry | None:
    """The entry of that id."""
    row = tx.one(f"{_ENTRY} where id = :id", id=id)
    return Entry(*row) if row else None


def of_repository(tx: Transaction, repository: str, limit: int) -> list[Entry]:
    """At most ``limit`` entries of a repository name, the newest first."""
    rows = tx.all(f"{_ENTRY} where repository = :name order by id desc limit :limit", name=repository, limit=limit)
    return [Entry(*row) for row in rows]


_ENTRY = "select id, kind, state, repository, actor, reason, deleted_at, expires_at, summary from deletion"
