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
    ended_at: int | None
    summary: str

    @property
    def repositories(self) -> list[str]:
        """The names of those that it took something of."""
        return self.repository.split(",")


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


def end(tx: Transaction, id: int, state: str, expires_at: int) -> bool:
    """Take a deletion out of the time in which it can be undone: ``state`` is restored or purged.

    False if it has left that time, in whatever way: of several who try, one succeeds.
    """
    changed = tx.run(
        """update deletion set state = :state, expires_at = :expires_at, ended_at = :now
           where id = :id and state = 'deleted' and expires_at > :now""",
        id=id,
        state=state,
        expires_at=expires_at,
        now=tx.now,
    )
    return changed == 1


def end_all(tx: Transaction, grace: int) -> int:
    """Purge every deletion that could be undone; how many.

    What a push in flight may need of one stays until ``grace`` microseconds after that deletion.
    """
    return tx.run(
        """update deletion set state = 'purged', ended_at = :now,
               expires_at = case when deleted_at + :grace <= :now then :now
                                 when deleted_at + :grace < expires_at then deleted_at + :grace else expires_at end
           where state = 'deleted' and expires_at > :now""",
        grace=grace,
        now=tx.now,
    )


def hidden_repositories(tx: Transaction, id: int) -> list[tuple[int, str]]:
    """The hidden repositories of a deletion, with their names, by name."""
    rows = tx.all("select id, name from repository where deletion = :id order by name, id", id=id)
    return [(row[0], row[1]) for row in rows]


def page(tx: Transaction, *, before: int, limit: int, state: str | None, repository: str | None) -> list[Entry]:
    """At most ``limit`` entries older than the one of id ``before``, the newest first, of a state or repository."""
    # `repository` is a list. It is not searched by `like`, which would take underscores in names for wildcards.
    names = "',' || repository || ','"
    rows = tx.all(
        f"""{_ENTRY} where id < :before
            {"" if state is None else "and state = :state"}
            {"" if repository is None else f"and replace({names}, :name, '') <> {names}"}
            order by id desc limit :limit""",
        before=before,
        limit=limit,
        state=state,
        name=f",{repository},",
    )
    return [Entry(*row) for row in rows]


_ENTRY = "select id, kind, state, repository, actor, reason, deleted_at, expires_at, ended_at, summary from deletion"
