"""Upload sessions: one row each, made before their first byte is written.

A session ends in one of two ways: its row goes in the commit that makes it a blob, or it is marked as ended, which is
when its bytes may be dropped, and its row after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest

ENDING = 60_000_000
"""Microseconds in which whoever has ended a session drops its bytes; after that, a crash has kept it from it."""


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A session. ``received`` bytes are durable; ``digest_so_far`` is theirs, where it is known.

    ``key`` is where the bytes will lie, chosen at the start; ``state`` is what the blob store needs to go on.
    """

    id: str
    repository: str
    key: str
    state: str | None
    received: int
    digest_so_far: Digest | None


def add(tx: Transaction, id: str, repository: str, key: str, owner: str) -> None:
    """A new session, with nothing received."""
    tx.run(
        """insert into upload (id, repository, key, owner, received, started_at, touched_at)
           values (:id, :repository, :key, :owner, 0, :now, :now)""",
        id=id,
        repository=repository,
        key=key,
        owner=owner,
        now=tx.now,
    )


def find(tx: Transaction, id: str, repository: str, owner: str) -> UploadRow | None:
    """The session, if it is one of this repository and this owner and has not ended."""
    row = tx.one(
        """select key, state, received, digest_so_far from upload
           where id = :id and repository = :repository and owner = :owner and ended = 0""",
        id=id,
        repository=repository,
        owner=owner,
    )
    if row is None:
        return None
    return UploadRow(id, repository, row[0], row[1], row[2], Digest.unpack(row[3]) if row[3] is not None else None)


def claim(tx: Transaction, id: str, writer: str, received: int) -> bool:
    """Make ``writer`` the only one who may go on from ``received``; a twin that had it can record nothing more."""
    changed = tx.run(
        """update upload set writer = :writer, touched_at = :now
           where id = :id and received = :received and ended = 0""",
        id=id,
        writer=writer,
        received=received,
        now=tx.now,
    )
    return changed == 1


def advance(
    tx: Transaction, id: str, writer: str, received: int, digest_so_far: Digest | None, state: str | None
) -> bool:
    """Record what is durable now; False if another writer has taken the session or it is gone."""
    changed = tx.run(
        """update upload set received = :received, digest_so_far = :digest, state = :state, touched_at = :now
           where id = :id and writer = :writer and ended = 0""",
        id=id,
        writer=writer,
        received=received,
        digest=digest_so_far.packed if digest_so_far else None,
        state=state,
        now=tx.now,
    )
    return changed == 1


def is_writer(tx: Transaction, id: str, writer: str) -> bool:
    """Whether ``writer`` has the session still."""
    row = tx.one("select 1 from upload where id = :id and writer = :writer and ended = 0", id=id, writer=writer)
    return row is not None


def finish(tx: Transaction, id: str, writer: str) -> bool:
    """Take the row of a session that ``writer`` has made a blob; False if another writer has it or it has ended."""
    sql = "delete from upload where id = :id and writer = :writer and ended = 0"
    return tx.run(sql, id=id, writer=writer) == 1


def end(tx: Transaction, id: str, writer: str | None = None) -> bool:
    """End a session that becomes no blob: from now on nobody can commit its bytes, and they may be dropped.

    False, and nothing may be dropped, if it has ended or become a blob, or ``writer`` (None: whoever) has it not.
    """
    changed = tx.run(
        f"""update upload set ended = 1, touched_at = :now where id = :id and ended = 0
            {"" if writer is None else "and writer = :writer"}""",
        id=id,
        writer=writer,
        now=tx.now,
    )
    return changed == 1


class End(Enum):
    """What became of a session that is over."""

    BLOB = "blob"
    NOTHING = "nothing"


def end_of(tx: Transaction, id: str, key: str) -> End | None:
    """How the session whose bytes were to lie at ``key`` ended; None while somebody may go on with it."""
    row = tx.one(
        """select (select count(*) from upload where id = :id and ended = 0),
                  (select count(*) from stored where key = :key) + (select count(*) from discarded where key = :key)""",
        id=id,
        key=key,
    )
    assert row is not None
    goes_on, kept = row
    if goes_on:
        return None
    return End.BLOB if kept else End.NOTHING


def remove(tx: Transaction, id: str) -> None:
    """Take the row of a session that has ended and whose bytes are dropped."""
    tx.run("delete from upload where id = :id and ended = 1", id=id)


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A session that nobody goes on with: untouched for long, or ended while its bytes may still lie somewhere."""

    id: str
    key: str
    state: str | None
    received: int
    touched_at: int
    ended: bool


def abandoned(tx: Transaction, untouched_since: int, limit: int) -> list[Abandoned]:
    """Sessions untouched since then, and ended ones that a crash has left; times in microseconds since 1970."""
    rows = tx.all(
        """select id, key, state, received, touched_at, ended from upload
           where touched_at <= :since or (ended = 1 and touched_at <= :lately) order by touched_at limit :limit""",
        since=untouched_since,
        lately=tx.now - ENDING,
        limit=limit,
    )
    return [Abandoned(row[0], row[1], row[2], row[3], row[4], row[5] == 1) for row in rows]


def end_idle(tx: Transaction, found: Abandoned) -> bool:
    """End a session if it is still as it was found."""
    changed = tx.run(
        "update upload set ended = 1 where id = :id and ended = 0 and touched_at = :touched_at",
        id=found.id,
        touched_at=found.touched_at,
    )
    return changed == 1


def exists(tx: Transaction, id: str) -> bool:
    """Whether the session has a row, ended or not."""
    return tx.one("select 1 from upload where id = :id", id=id) is not None


def open_now(tx: Transaction) -> tuple[int, int]:
    """How many sessions there are that have not ended, and how many bytes they have received."""
    row = tx.one("select count(*), cast(coalesce(sum(received), 0) as bigint) from upload where ended = 0")
    assert row is not None
    return row[0], row[1]
