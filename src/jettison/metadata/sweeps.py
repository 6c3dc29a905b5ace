"""The record of sweeps, and what is still to come."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction

KEPT = 1000
"""Runs that are remembered: those that found something, so weeks of them."""


@dataclass(frozen=True, slots=True)
class Run:
    """One sweep. Times are microseconds since 1970; ``bytes`` are those of the deleted files."""

    id: int
    holder: str
    started_at: int
    ended_at: int
    deletions: int
    links: int
    blobs: int
    uploads: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits, and the bytes of it: held by deletions that can be undone, by leases, or about to be deleted.

    Each time is that of the first of its kind, in microseconds since 1970, or None.
    """

    deletions: int
    next_expiry: int | None
    leased: int
    next_lease: int | None
    discarded: int
    discarded_bytes: int
    next_discarded: int | None


_RUN = "id, holder, started_at, ended_at, deletions, links, blobs, uploads, files, bytes"


def record(
    tx: Transaction,
    *,
    holder: str,
    started_at: int,
    deletions: int,
    links: int,
    blobs: int,
    uploads: int,
    files: int,
    bytes: int,
) -> None:
    """Remember a run, and forget the oldest."""
    row = tx.one(
        """insert into sweep (holder, started_at, ended_at, deletions, links, blobs, uploads, files, bytes)
           values (:holder, :started_at, :now, :deletions, :links, :blobs, :uploads, :files, :bytes) returning id""",
        holder=holder,
        started_at=started_at,
        now=tx.now,
        deletions=deletions,
        links=links,
        blobs=blobs,
        uploads=uploads,
        files=files,
        bytes=bytes,
    )
    assert row is not None
    tx.run("delete from sweep where id <= :oldest", oldest=row[0] - KEPT)


def last(tx: Transaction, limit: int) -> list[Run]:
    """The last runs, the newest first."""
    return [Run(*row) for row in tx.all(f"select {_RUN} from sweep order by id desc limit :limit", limit=limit)]


def freed(tx: Transaction) -> tuple[int, int]:
    """How many files the remembered runs deleted, and their bytes."""
    row = tx.one("select cast(coalesce(sum(files), 0) as bigint), cast(coalesce(sum(bytes), 0) as bigint) from sweep")
    assert row is not None
    return row[0], row[1]


def pending(tx: Transaction) -> Pending:
    """What the next sweeps will find when its time comes."""
    deletions = tx.one("select count(*), min(expires_at) from deletion where state = 'deleted'")
    leased = tx.one("select count(*), min(leased_until) from repository_blob where leased_until is not null")
    gone = tx.one("select count(*), cast(coalesce(sum(size), 0) as bigint), min(after) from discarded")
    assert deletions is not None
    assert leased is not None
    assert gone is not None
    return Pending(*deletions, *leased, *gone)
