"""Sessions of those who have signed in, found by the hash of their token."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def add(tx: Transaction, token: bytes, account: int, purpose: str, issued_to: str, idle: int, ends_at: int) -> None:
    """A session that ends ``idle`` microseconds after it was last used, and at ``ends_at`` in any case."""
    tx.run(
        """insert into session (token, account, purpose, issued_to, created_at, used_at, idle, ends_at, until)
           values (:token, :account, :purpose, :issued_to, :now, :now, :idle, :ends_at, :until)""",
        token=token,
        account=account,
        purpose=purpose,
        issued_to=issued_to,
        idle=idle,
        ends_at=ends_at,
        until=min(tx.now + idle, ends_at),
        now=tx.now,
    )


def used_at(tx: Transaction, token: bytes) -> int | None:
    """When it was last used, to a minute."""
    row = tx.one("select used_at from session where token = :token", token=token)
    return row[0] if row else None


def touch(tx: Transaction, token: bytes) -> None:
    """It is used now; one that has ended stays so."""
    tx.run(
        """update session set used_at = :now, until = case when :now + idle < ends_at then :now + idle else ends_at end
           where token = :token and until > :now""",
        token=token,
        now=tx.now,
    )


def end(tx: Transaction, token: bytes) -> bool:
    """End it; False if there is none."""
    return tx.run("delete from session where token = :token", token=token) == 1


def end_all(tx: Transaction, account: int) -> int:
    """End those of an account; how many there were."""
    return tx.run("delete from session where account = :account", account=account)


def forget(tx: Transaction) -> None:
    """Drop the rows of those that have ended."""
    tx.run("delete from session where until <= :now", now=tx.now)
