"""Codes with which the first administrator can be made, by their hashes."""

from __future__ import annotations

from jettison.metadata.database import Transaction


def add(tx: Transaction, code: bytes, until: int) -> None:
    """A new code; those whose time is over are dropped."""
    tx.run("delete from setup_code where until <= :now", now=tx.now)
    tx.run("insert into setup_code (code, until) values (:code, :until)", code=code, until=until)


def is_good(tx: Transaction, code: bytes) -> bool:
    """Whether there is such a code, and it has time left."""
    return tx.one("select 1 from setup_code where code = :code and until > :now", code=code, now=tx.now) is not None


def end_all(tx: Transaction) -> None:
    """No code is good any more."""
    tx.run("delete from setup_code")
