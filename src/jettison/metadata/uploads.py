"""Upload sessions: one row each, made before their first byte is written."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction
from jettison.oci.digest import Digest


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


def add(tx: Transaction, id: str, repository: str, key: str) -> None:
    """A new session, with nothing received."""
    tx.run(
        """insert into upload (id, repository, key, received, started_at, touched_at)
           values (:id, :repository, :key, 0, :now, :now)""",
        id=id,
        repository=repository,
        key=key,
        now=tx.now,
    )


def find(tx: Transaction, id: str, repository: str) -> UploadRow | None:
    """The session, if it is one of this repository."""
    row = tx.one(
        "select key, state, received, digest_so_far from upload where id = :id and repository = :repository",
        id=id,
        repository=repository,
    )
    if row is None:
        return None
    return UploadRow(id, repository, row[0], row[1], row[2], Digest.unpack(row[3]) if row[3] is not None else None)


def claim(tx: Transaction, id: str, writer: str, received: int) -> bool:
    """Make ``writer`` the only one who may go on from ``received``; a twin that had it can record nothing more."""
    changed = tx.run(
        "update upload set writer = :writer, touched_at = :now where id = :id and received = :received",
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
           where id = :id and writer = :writer""",
        id=id,
        writer=writer,
        received=received,
        digest=digest_so_far.packed if digest_so_far else None,
        state=state,
        now=tx.now,
    )
    return changed == 1


def remove(tx: Transaction, id: str) -> bool:
    """End the session; False if it had ended already."""
    return tx.run("delete from upload where id = :id", id=id) == 1
