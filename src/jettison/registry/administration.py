"""Changes of accounts, groups and grants: by administrators only, one at a time, and never so that none is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from jettison.metadata import accounts
from jettison.metadata.accounts import AccountRow
from jettison.metadata.database import Lock, Transaction
from jettison.oci.errors import AccountUnknown, LastAdministrator, quoted
from jettison.registry.access import Action, Caller
from jettison.registry.account_name import is_account_name
from jettison.registry.registry import Registry

T = TypeVar("T")

ACCOUNTS: Final = Lock.alone("jettison/accounts")
"""Held by whatever changes them: no repository has that name, with or without a slash less."""


def change(registry: Registry, caller: Caller, work: Callable[[Transaction], T]) -> T:
    """Run ``work`` in a transaction of its own.

    Raises Unauthorized or Denied unless the caller administers the registry as a whole, and LastAdministrator, nothing
    being changed, where it would take the last administrator from a registry that has one.
    """
    caller.require(Action.ADMIN)

    def guarded(tx: Transaction) -> T:
        before = accounts.administrators(tx)
        result = work(tx)
        if before and not accounts.administrators(tx):
            raise LastAdministrator(
                f"{before[0]} is the last administrator: nobody could administer this registry any more. Make another"
                " one first (jettison user add --admin NAME, or jettison grant add NAME '**:admin')"
            )
        return result

    return registry.database.write(guarded, ACCOUNTS)


def find_account(tx: Transaction, name: str, kind: str | None = None) -> AccountRow:
    """The account of that name, of that kind if one is given. Raises AccountUnknown."""
    row = accounts.find(tx, name) if is_account_name(name) else None
    if row is None:
        raise AccountUnknown(f"there is no {kind or 'user or robot'} {quoted(name)}")
    if kind is not None and row.kind != kind:
        raise AccountUnknown(f"{name} is a {row.kind}, not a {kind}")
    return row
