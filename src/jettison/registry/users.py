"""Users: people with a password."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import accounts, grants, groups, sessions
from jettison.metadata.accounts import USER, AccountRow
from jettison.metadata.database import Transaction
from jettison.metadata.grants import Holder
from jettison.oci.errors import AccountExists, Denied, Json
from jettison.registry import attempts, audit
from jettison.registry.access import Action, Caller, Kind
from jettison.registry.account_name import check_account_name
from jettison.registry.administration import ACCOUNTS, change, find_account
from jettison.registry.audit import Deed
from jettison.registry.listing import Page, page_of
from jettison.registry.origin import Origin
from jettison.registry.passwords import check_password
from jettison.registry.registry import Registry
from jettison.registry.scope import ADMINISTRATION
from jettison.registry.times import rfc3339


@dataclass(frozen=True, slots=True)
class User:
    """A user. ``admin`` is whether it administers the whole registry; times are microseconds since 1970."""

    name: str
    admin: bool
    disabled: bool
    groups: tuple[str, ...]
    created_by: str
    created_at: int
    used_at: int | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "name": self.name,
            "admin": self.admin,
            "disabled": self.disabled,
            "groups": list(self.groups),
            "created_by": self.created_by,
            "created_at": rfc3339(self.created_at),
            "last_used": rfc3339(self.used_at),
        }


def add(registry: Registry, caller: Caller, origin: Origin, name: str, password: str, *, admin: bool = False) -> User:
    """A new user, who may do what everybody may, or everything. Raises AccountInvalid, AccountExists; Denied."""
    caller.require(Action.ADMIN)
    check_account_name(name)
    check_password(password, name)
    hashed = registry.passwords.hash(password)

    def work(tx: Transaction) -> User:
        return create(tx, caller, origin, name, hashed, admin=admin)

    return change(registry, caller, work)


def create(tx: Transaction, caller: Caller, origin: Origin, name: str, hashed: str, *, admin: bool) -> User:
    """The row of a new user, with its password as it is kept. Raises AccountExists."""
    check_free(tx, name)
    id = accounts.add_user(tx, name, hashed, caller.name)
    if admin:
        grants.put(tx, Holder(account=id), ADMINISTRATION.pattern, ",".join(ADMINISTRATION.words))
    audit.note(tx, origin, caller, Deed.ACCOUNT_ADD, name, detail={"kind": USER, "admin": admin})
    return _user(tx, find_account(tx, name), accounts.administrators(tx))


def check_free(tx: Transaction, name: str) -> None:
    """Raise AccountExists if a user or robot has the name."""
    row = accounts.find(tx, name)
    if row is not None:
        raise AccountExists(f"there is a {row.kind} {name} already: users and robots share one set of names")


def everyone(registry: Registry, caller: Caller) -> list[User]:
    """All users, by name. Raises Denied."""
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[User]:
        administrators = accounts.administrators(tx)
        return [_user(tx, row, administrators) for row in accounts.all_of(tx, USER)]

    return registry.database.read(work, snapshot=True)


def page(registry: Registry, caller: Caller, limit: int, after: str = "") -> Page[User]:
    """At most ``limit`` users whose names come after that one, by name. Raises Denied."""
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[User]:
        administrators = accounts.administrators(tx)
        return [_user(tx, row, administrators) for row in accounts.page(tx, USER, after, limit + 1)]

    return page_of(registry.database.read(work, snapshot=True), limit)


def find(registry: Registry, caller: Caller, name: str) -> User:
    """One user: anybody may see oneself. Raises AccountUnknown, Denied."""
    if (caller.kind, caller.name) != (Kind.USER, name):
        caller.require(Action.ADMIN)
    return registry.database.read(
        lambda tx: _user(tx, find_account(tx, name, USER), accounts.administrators(tx)), snapshot=True
    )


def set_password(registry: Registry, caller: Caller, origin: Origin, name: str, password: str) -> None:
    """Another password for a user, who is signed out everywhere. Raises AccountUnknown, AccountInvalid, Denied."""
    caller.require(Action.ADMIN)
    check_password(password, name)
    hashed = registry.passwords.hash(password)
    change(registry, caller, lambda tx: _put_password(tx, caller, origin, find_account(tx, name, USER), hashed))


def change_own_password(registry: Registry, caller: Caller, origin: Origin, current: str, password: str) -> None:
    """Another password for the user who asks and knows the current one; signed out everywhere else too.

    A wrong one counts as a failed sign-in. Raises Denied where it is wrong, or who asks is no user; AccountInvalid;
    TooManyRequests.
    """
    if caller.kind is not Kind.USER:
        raise Denied("only a user has a password of one's own here: sign in as one")
    before = registry.database.read(lambda tx: find_account(tx, caller.name, USER))
    attempts.check(registry, origin, caller.name)
    if not registry.passwords.matches(before.password, current):
        attempts.failed(registry, origin, caller.name)
        raise Denied("the current password is wrong: nothing was changed")
    check_password(password, caller.name)
    hashed = registry.passwords.hash(password)

    def work(tx: Transaction) -> None:
        row = find_account(tx, caller.name, USER)
        if row.disabled or (row.id, row.password) != (before.id, before.password):
            raise Denied("the account has changed meanwhile: sign in again")
        _put_password(tx, caller, origin, row, hashed)

    registry.database.write(work, ACCOUNTS)


def set_disabled(registry: Registry, caller: Caller, origin: Origin, name: str, *, disabled: bool) -> User:
    """Keep a user out at once, or let it in again; what is granted to it stays.

    Raises AccountUnknown, LastAdministrator, Denied.
    """

    def work(tx: Transaction) -> User:
        row = find_account(tx, name, USER)
        accounts.set_disabled(tx, row.id, disabled=disabled)
        if disabled:
            sessions.end_all(tx, row.id)
        audit.note(tx, origin, caller, Deed.ACCOUNT_CHANGE, name, detail={"disabled": disabled})
        return _user(tx, find_account(tx, name), accounts.administrators(tx))

    return change(registry, caller, work)


def remove(registry: Registry, caller: Caller, origin: Origin, name: str) -> None:
    """Remove a user with all that is granted to it. Raises AccountUnknown, LastAdministrator, Denied."""

    def work(tx: Transaction) -> None:
        row = find_account(tx, name, USER)
        drop(tx, row)
        audit.note(tx, origin, caller, Deed.ACCOUNT_REMOVE, name)

    change(registry, caller, work)


def drop(tx: Transaction, row: AccountRow) -> None:
    """Remove the rows of an account: its sessions, memberships, grants and itself."""
    sessions.end_all(tx, row.id)
    groups.leave_all(tx, row.id)
    grants.take_all(tx, Holder(account=row.id))
    accounts.remove(tx, row.id)


def _put_password(tx: Transaction, caller: Caller, origin: Origin, row: AccountRow, hashed: str) -> None:
    accounts.set_password(tx, row.id, hashed)
    sessions.end_all(tx, row.id)
    audit.note(tx, origin, caller, Deed.PASSWORD, row.name)


def _user(tx: Transaction, row: AccountRow, administrators: list[str]) -> User:
    return User(
        row.name,
        # One who is disabled administers nothing.
        row.name in administrators,
        row.disabled,
        tuple(groups.of_account(tx, row.id)),
        row.created_by,
        row.created_at,
        row.used_at,
    )
