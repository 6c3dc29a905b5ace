"""Moves of a registry, from here and to here: at most one of each is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jettison.metadata.database import Transaction
from jettison.metadata.tables import LATE, STAY, tables
from jettison.oci.errors import Unavailable

SOURCE = "source"
TARGET = "target"
_DERIVED = {*STAY, *LATE} - {"account", "audit", "discarded", "upload"}


class HalfMoved(Unavailable):
    """The database is the target of a move that has not ended: what it has is neither whole nor checked."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move; ``place`` is where the other registry is. Times are in microseconds since 1970.

    ``frozen_at`` says since when nothing changes at the source. ``ended_at`` is None while it goes on.
    """

    id: str
    place: str
    begun_at: int
    frozen_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Bytes at the source's ``key`` that lie at ``new_key`` now, as far as they are not ``damaged``."""

    key: str
    new_key: str
    size: int
    damaged: int


def find(tx: Transaction, role: str) -> Move | None:
    """The move that this registry is the SOURCE or the TARGET of, if there is one."""
    row = tx.one("select id, place, begun_at, frozen_at, ended_at from move where role = :role", role=role)
    return Move(*row) if row else None


def begin(tx: Transaction, id: str, role: str, place: str) -> None:
    """Record a move in place of all before it in this role."""
    tx.run("delete from move where role = :role or id = :id", role=role, id=id)
    tx.run(
        """insert into move (id, role, place, begun_at, frozen_at, ended_at)
           values (:id, :role, :place, :now, null, null)""",
        id=id,
        role=role,
        place=place,
        now=tx.now,
    )


def set_frozen(tx: Transaction, id: str, at: int | None) -> None:
    """Record since when nothing changes at the source."""
    tx.run("update move set frozen_at = :at where id = :id", id=id, at=at)


def end(tx: Transaction, id: str) -> None:
    """Record that the move has ended."""
    tx.run("update move set ended_at = :now where id = :id", id=id, now=tx.now)


def forget(tx: Transaction, id: str) -> None:
    """Forget the move."""
    tx.run("delete from move where id = :id", id=id)


def require_whole(tx: Transaction) -> None:
    """Raise HalfMoved where a move to here has not ended."""
    found = find(tx, TARGET)
    if found is not None and found.ended_at is None:
        raise HalfMoved(
            f"the move to here from {found.place} has not ended: run `jettison move` again with the same two"
            " configuration files, which goes on with it, or serve the old one"
        )


def holds_something(tx: Transaction) -> bool:
    """Whether there is anything in this registry that a move to here would take the place of."""
    asked = [each.name for each in tables() if each.name not in _DERIVED]
    return any(tx.one(f"select 1 from {name} limit 1") is not None for name in asked)


# ---------------------------------------------------------------------------------------------------------------- bytes


def note(tx: Transaction, moved: Moved) -> None:
    """Record what became of the bytes at a key."""
    tx.run(
        """insert into moved (key, new_key, size, damaged) values (:key, :new_key, :size, :damaged)
           on conflict (key) do update set damaged = excluded.damaged""",
        key=moved.key,
        new_key=moved.new_key,
        size=moved.size,
        damaged=moved.damaged,
    )


def among(tx: Transaction, keys: Sequence[str]) -> dict[str, Moved]:
    """What is recorded of these keys of the source."""
    rows = tx.all("select key, new_key, size, damaged from moved where key in :keys", keys=list(keys))
    return {row[0]: Moved(*row) for row in rows}


def unnamed(tx: Transaction, limit: int) -> list[Moved]:
    """At most ``limit`` of those that came and that no row needs any more."""
    rows = tx.all(
        """select key, new_key, size, damaged from moved
           where not exists (select 1 from stored where stored.key = moved.new_key) order by key limit :limit""",
        limit=limit,
    )
    return [Moved(*row) for row in rows]


def drop(tx: Transaction, keys: Sequence[str]) -> None:
    """Forget what is recorded of these keys."""
    tx.run("delete from moved where key in :keys", keys=list(keys))


def drop_all(tx: Transaction) -> None:
    """Forget what is recorded of all keys."""
    tx.run("delete from moved")


def volume(tx: Transaction) -> tuple[int, int]:
    """How many stored keys there are, and their bytes."""
    row = tx.one("select count(*), cast(coalesce(sum(size), 0) as bigint) from stored")
    assert row is not None
    return int(row[0]), int(row[1])
