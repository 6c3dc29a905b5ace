"""Leases: something that one process does at a time, over all that share the database."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def take(tx: Transaction, name: str, holder: str, length: int) -> bool:
    """Take or extend the lease for ``length`` microseconds from now; False while somebody else has it."""
    changed = tx.run(
        """insert into lease (name, holder, until) values (:name, :holder, :until)
           on conflict (name) do update set holder = excluded.holder, until = excluded.until
           where lease.holder = excluded.holder or lease.until <= :now""",
        name=name,
        holder=holder,
        until=tx.now + length,
        now=tx.now,
    )
    return changed == 1


def release(tx: Transaction, name: str, holder: str) -> None:
    """Give the lease back, if ``holder`` has it."""
    tx.run("delete from lease where name = :name and holder = :holder", name=name, holder=holder)


def is_held(tx: Transaction, name: str) -> bool:
    """Whether somebody has the lease now."""
    return tx.one("select 1 from lease where name = :name and until > :now", name=name, now=tx.now) is not None
