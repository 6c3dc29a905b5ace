"""Sessions: what somebody who has signed in keeps, so as not to send the password again.

A refresh token of the token service and a visit to the console are sessions alike. The token is random, shown once and
stored hashed; it does not change while it is used, since clients keep the first one they were given. It ends when it
was not used for a while, at its longest life, when its account is disabled, removed or gets another password, or when
it is revoked; each of them acts with the next use.
"""

from __future__ import annotations

from contextlib import suppress
from enum import Enum

from jettison.metadata import accounts, sessions
from jettison.metadata.database import Lock, Transaction
from jettison.oci.errors import Unauthorized, Unavailable
from jettison.registry.access import Caller
from jettison.registry.account_name import is_account_name
from jettison.registry.accounts import TOUCHED, of_row
from jettison.registry.administration import ACCOUNTS
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.secret import kept, new_token

DAY = 24 * 3600 * MICROSECONDS


class Purpose(Enum):
    """What a session is for: a token of one purpose is none for the other."""

    REFRESH = "refresh"
    CONSOLE = "console"


def issue(
    registry: Registry, caller: Caller, purpose: Purpose, to: str, *, idle: int = 30 * DAY, most: int = 365 * DAY
) -> str:
    """A new session of a user or robot; its token, which is told nowhere else.

    ``to`` says for people what it was issued to, such as a client's name. It ends after ``idle`` microseconds without
    use, and after ``most`` in any case. Raises Unauthorized if the account is kept out or gone by now; Unavailable.
    """
    token = new_token()

    def work(tx: Transaction) -> None:
        sessions.forget(tx)
        row = accounts.find(tx, caller.name) if is_account_name(caller.name) else None
        if row is None or row.kind != caller.kind.value:
            raise Unauthorized("only a user or a robot of this registry can stay signed in: sign in again")
        of_row(tx, row)
        sessions.add(tx, kept(token), row.id, purpose.value, _printable(to), idle, tx.now + most)

    # A password that is changed beside it ends it too.
    registry.database.write(work, Lock.shared(*ACCOUNTS.names))
    return token


def use(registry: Registry, token: str, purpose: Purpose) -> Caller:
    """Whose session it is, with all that it may do now. Raises Unauthorized, Unavailable."""
    hashed = kept(token)

    def work(tx: Transaction) -> tuple[Caller, bool]:
        row = accounts.by_session(tx, hashed, purpose.value)
        if row is None:
            raise Unauthorized("nobody is signed in with that any more: sign in again")
        used_at = sessions.used_at(tx, hashed)
        return of_row(tx, row), used_at is not None and used_at + TOUCHED <= tx.now

    caller, stale = registry.database.read(work)
    if stale:
        # As in accounts: what cannot be written keeps nobody out.
        with suppress(Unavailable):
            registry.database.write(lambda tx: sessions.touch(tx, hashed), durable=False)
    return caller


def revoke(registry: Registry, token: str) -> bool:
    """End the session of that token, whatever its purpose; whether there was one. Raises Unavailable."""
    return registry.database.write(lambda tx: sessions.end(tx, kept(token)))


def revoke_all(registry: Registry, caller: Caller) -> int:
    """End all sessions of a user or robot; how many there were. Raises Unavailable."""

    def work(tx: Transaction) -> int:
        row = accounts.find(tx, caller.name) if is_account_name(caller.name) else None
        return sessions.end_all(tx, row.id) if row is not None and row.kind == caller.kind.value else 0

    return registry.database.write(work)


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:200] if letter.isprintable())
