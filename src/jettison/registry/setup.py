"""The first administrator, made by whoever can read what the server prints: there is no default password."""

from __future__ import annotations

import secrets
from typing import Final

from jettison.metadata import accounts, setup_codes
from jettison.metadata.database import Transaction
from jettison.oci.errors import Denied
from jettison.registry import users
from jettison.registry.access import Caller, Kind
from jettison.registry.account_name import check_account_name
from jettison.registry.administration import ACCOUNTS
from jettison.registry.origin import Origin
from jettison.registry.passwords import check_password
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.secret import kept
from jettison.registry.users import User

GOOD_FOR: Final = 24 * 3600 * MICROSECONDS

LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Of a code: none that is taken for another."""

BLOCKS: Final = 5
BLOCK: Final = 5
"""Letters; 25 of them are 123 bits."""


def new_code(registry: Registry) -> str | None:
    """A code for :func:`use` to print at start, good for a day; None where there is an administrator already.

    Replicas print one each; whichever is used, all of them end. Raises Unavailable.
    """
    code = "-".join("".join(secrets.choice(LETTERS) for _ in range(BLOCK)) for _ in range(BLOCKS))

    def work(tx: Transaction) -> bool:
        if accounts.administrators(tx):
            setup_codes.end_all(tx)
            return False
        setup_codes.add(tx, kept(code), tx.now + GOOD_FOR)
        return True

    return code if registry.database.write(work, ACCOUNTS) else None


def use(registry: Registry, origin: Origin, code: str, name: str, password: str) -> User:
    """Make the first administrator.

    Raises Denied for a wrong or used code, or where there is an administrator; AccountInvalid, AccountExists.
    """
    hashed_code = kept(code.strip().lower())
    registry.database.read(lambda tx: _check(tx, hashed_code))
    check_account_name(name)
    check_password(password, name)
    hashed = registry.passwords.hash(password)

    def work(tx: Transaction) -> User:
        _check(tx, hashed_code)
        setup_codes.end_all(tx)
        return users.create(tx, Caller(Kind.USER, name), origin, name, hashed, admin=True)

    return registry.database.write(work, ACCOUNTS)


def _check(tx: Transaction, code: bytes) -> None:
    # Whether there is an administrator already is told only to those who had a code.
    if not setup_codes.is_good(tx, code) or accounts.administrators(tx):
        raise Denied(
            "this code is not good (any more): the server prints a new one when it starts without administrators"
        )
