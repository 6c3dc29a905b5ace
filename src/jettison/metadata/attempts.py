"""Counts of sign-ins that failed, each under a key; see :mod:`jettison.registry.attempts`."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata.database import Transaction


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures as of the last one; ``until`` when to wait, and when one succeeded last: 0 is never.

    Times are microseconds since 1970.
    """

    failures: int
    until: int
    succeeded_at: int


NONE = Attempts(0, 0, 0)


def find(tx: Transaction, keys: list[bytes]) -> dict[bytes, Attempts]:
    """What is known of those keys."""
    rows = tx.all("select key, failures, until, succeeded_at from attempt where key in :keys", keys=keys)
    return {bytes(row[0]): Attempts(*row[1:]) for row in rows}


def count(tx: Transaction, key: bytes, fade: int) -> Attempts:
    """Count a failure now. Of earlier ones, one has faded in each ``fade`` microseconds since the last."""
    row = tx.one(
        """insert into attempt (key, failures, failed_at, until, succeeded_at, stale_at) values (:key, 1, :now, 0, 0, 0)
           on conflict (key) do update set
               failures = 1 + case when attempt.failed_at >= :now then attempt.failures
                                   when attempt.failures > (:now - attempt.failed_at) / :fade
                                   then attempt.failures - (:now - attempt.failed_at) / :fade else 0 end,
               failed_at = :now
           returning failures, until, succeeded_at""",
        key=key,
        now=tx.now,
        fade=fade,
    )
    assert row is not None
    return Attempts(*row)


def hold(tx: Transaction, key: bytes, until: int, stale_at: int) -> None:
    """Have it wait until then; the row says nothing any more from ``stale_at`` on."""
    tx.run(
        "update attempt set until = :until, stale_at = :stale_at where key = :key",
        key=key,
        until=until,
        stale_at=stale_at,
    )


def succeed(tx: Transaction, key: bytes, stale_at: int) -> None:
    """Remember a success now, and no failure before it."""
    tx.run(
        """insert into attempt (key, failures, failed_at, until, succeeded_at, stale_at)
           values (:key, 0, :now, 0, :now, :stale_at)
           on conflict (key) do update set
               failures = 0, until = 0, succeeded_at = excluded.succeeded_at, stale_at = excluded.stale_at""",
        key=key,
        now=tx.now,
        stale_at=stale_at,
    )


def drop_stale(tx: Transaction, limit: int) -> int:
    """Drop at most ``limit`` rows that say nothing any more; how many."""
    return tx.run(
        "delete from attempt where key in (select key from attempt where stale_at <= :now limit :limit)",
        now=tx.now,
        limit=limit,
    )
