"""Accounts: who signs in with what, and what that lets them do.

A user has a password, a robot a token; they share one set of names, so that a name says who it is. Whatever is granted
to everybody counts for them too.
"""

from __future__ import annotations

import hmac
from contextlib import suppress

from jettison.metadata import accounts, grants
from jettison.metadata.accounts import ROBOT, USER, AccountRow
from jettison.metadata.database import Transaction
from jettison.oci.errors import TooManyRequests, Unauthorized, Unavailable
from jettison.registry import secret as secrets
from jettison.registry.access import Caller, Grant, Kind
from jettison.registry.account_name import is_account_name
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.scope import kept_scope
from jettison.registry.times import rfc3339

TOUCHED = 60 * MICROSECONDS
"""How exact the times of last use are: a sign-in writes only if the one before it was longer ago."""

_WRONG = "the name or the password is wrong"


def sign_in(registry: Registry, name: str, secret: str) -> Caller:
    """Who has that name and that password, or that token, with all that it may do.

    Blocks for as long as a password takes, about a tenth of a second, and for others before it: at most
    `passwords.AT_ONCE` are looked at in a process at a time. What was right once is known again at once, as long as it
    is right. An unknown name takes as long as a wrong password, and is told the same. Raises Unauthorized;
    TooManyRequests where it did not get its turn; Unavailable.
    """
    found = _find(registry, name)
    if not _is_right(registry, found, secret):
        raise Unauthorized(_WRONG)

    def work(tx: Transaction) -> tuple[AccountRow, Caller, bool]:
        # What has changed meanwhile counts.
        row = accounts.find(tx, name)
        if row is None or found is None or (row.id, row.password, row.token) != (found.id, found.password, found.token):
            raise Unauthorized(_WRONG)
        _check_alive(tx, row)
        return row, _caller(tx, row), _is_stale(tx, row.used_at)

    row, caller, stale = registry.database.read(work)
    if stale:
        _note_use(registry, row, secret)
    return caller


def by_token(registry: Registry, token: str) -> Caller:
    """The robot whose token it is, by a short read. Raises Unauthorized, Unavailable."""

    def work(tx: Transaction) -> tuple[AccountRow, Caller, bool]:
        row = accounts.by_token(tx, secrets.kept(token))
        if row is None:
            raise Unauthorized("the token is wrong, or was revoked")
        _check_alive(tx, row)
        return row, _caller(tx, row), _is_stale(tx, row.used_at)

    row, caller, stale = registry.database.read(work)
    if stale:
        _note_use(registry, row)
    return caller


def caller_of(registry: Registry, kind: Kind, name: str) -> Caller | None:
    """The user or robot of that name as it is now; None if it is disabled, expired or gone. Raises Unavailable."""

    def work(tx: Transaction) -> Caller | None:
        row = accounts.find(tx, name)
        if row is None or row.kind != kind.value or not _is_alive(tx, row):
            return None
        return _caller(tx, row)

    return registry.database.read(work) if is_account_name(name) else None


def of_row(tx: Transaction, row: AccountRow) -> Caller:
    """The caller that an account makes, in a transaction that goes on. Raises Unauthorized if it is kept out."""
    _check_alive(tx, row)
    return _caller(tx, row)


def anonymous(registry: Registry) -> Caller:
    """Who has not said who they are, with what is granted to everybody. Raises Unavailable."""
    return Caller(Kind.ANONYMOUS, grants=_grants(registry.database.read(grants.everybodys)))


def any_account(registry: Registry) -> bool:
    """Whether there is any user or robot at all. Raises Unavailable."""
    return registry.database.read(accounts.is_any)


def is_account(registry: Registry, name: str) -> bool:
    """Whether a user or robot has that name, whatever it may do. Raises Unavailable."""
    return _find(registry, name) is not None


def _find(registry: Registry, name: str) -> AccountRow | None:
    return registry.database.read(lambda tx: accounts.find(tx, name)) if is_account_name(name) else None


def _is_right(registry: Registry, row: AccountRow | None, secret: str) -> bool:
    """Whether it is the account's password or token. Wrong takes the same time whatever is wrong."""
    hashed = secrets.kept(secret)
    if row is not None and row.token is not None and hmac.compare_digest(row.token, hashed):
        return True
    return registry.passwords.matches(row.password if row is not None else None, secret)


def _is_alive(tx: Transaction, row: AccountRow) -> bool:
    return not row.disabled and (row.expires_at is None or row.expires_at > tx.now)


def _check_alive(tx: Transaction, row: AccountRow) -> None:
    if row.disabled:
        raise Unauthorized(f"{row.name} is disabled: ask an administrator of this registry")
    if not _is_alive(tx, row):
        raise Unauthorized(f"the token of {row.name} expired at {rfc3339(row.expires_at)}: have a new one made")


def _caller(tx: Transaction, row: AccountRow) -> Caller:
    kind = {USER: Kind.USER, ROBOT: Kind.ROBOT}[row.kind]
    return Caller(kind, row.name, _grants(grants.counting(tx, row.id)))


def _grants(rows: list[tuple[str, str]]) -> tuple[Grant, ...]:
    return tuple(kept_scope(pattern, actions).grant for pattern, actions in rows)


def _is_stale(tx: Transaction, used_at: int | None) -> bool:
    return used_at is None or used_at + TOUCHED <= tx.now


def _note_use(registry: Registry, row: AccountRow, password: str | None = None) -> None:
    """Write when it signed in; its password, if at hand, is hashed anew where that was done with other parameters."""
    # A full disk, or a database that can only be read, keeps nobody out: who comes to delete something must get in.
    with suppress(Unavailable, TooManyRequests):
        old = row.password
        new = registry.passwords.hash(password) if old and password and registry.passwords.outdated(old) else None

        def work(tx: Transaction) -> None:
            accounts.touch(tx, row.id)
            if old is not None and new is not None:
                accounts.replace_password(tx, row.id, old, new)

        registry.database.write(work, durable=False)
