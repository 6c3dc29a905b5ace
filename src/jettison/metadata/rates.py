"""Requests that processes have let through, counted together: of each subject when it may send a whole burst again."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.metadata.database import Transaction


def add(tx: Transaction, lengths: Mapping[str, int], since: int) -> dict[str, int]:
    """Add what each subject has sent from ``since`` on, as the microseconds that its requests take up.

    Returns when each may send a whole burst again. Times are microseconds since 1970.
    """
    tx.many(
        """insert into rate (subject, full_at) values (:subject, :since + :length)
           on conflict (subject) do update set
               full_at = case when rate.full_at > :since then rate.full_at else :since end + :length""",
        [{"subject": subject, "since": since, "length": length} for subject, length in sorted(lengths.items())],
    )
    return dict(tx.all("select subject, full_at from rate where subject in :subjects", subjects=list(lengths)))


def drop_full(tx: Transaction) -> None:
    """Drop the rows of those who may send a whole burst again."""
    tx.run("delete from rate where full_at <= :now", now=tx.now)
