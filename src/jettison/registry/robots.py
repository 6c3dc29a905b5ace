"""Robots: programs with a token, which may do what its scopes say and no more than everybody besides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jettison.metadata import accounts
from jettison.metadata.accounts import ROBOT, AccountRow
from jettison.metadata.database import Transaction
from jettison.metadata.grants import Holder
from jettison.oci.errors import AccountInvalid, Json
from jettison.registry import audit
from jettison.registry.access import Action, Caller, Kind
from jettison.registry.account_name import check_account_name
from jettison.registry.administration import change, find_account
from jettison.registry.audit import Deed
from jettison.registry.grants import add_scope, scopes_of
from jettison.registry.listing import Page, page_of
from jettison.registry.origin import Origin
from jettison.registry.registry import MICROSECONDS, Registry
from jettison.registry.scope import Scope
from jettison.registry.secret import kept, new_token
from jettison.registry.times import rfc3339
from jettison.registry.users import check_free, drop

DAY: Final = 24 * 3600 * MICROSECONDS
LONGEST_DAYS: Final = 3650
USUAL_DAYS: Final = 90
"""How long a token is good where nobody says."""


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot. ``scopes`` are granted to itself; ``expires_at`` is None for never; microseconds since 1970."""

    name: str
    scopes: tuple[Scope, ...]
    expires_at: int | None
    expired: bool
    created_by: str
    created_at: int
    used_at: int | None

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "name": self.name,
            "scopes": [scope.to_json() for scope in self.scopes],
            "expires_at": rfc3339(self.expires_at),
            "expired": self.expired,
            "created_by": self.created_by,
            "created_at": rfc3339(self.created_at),
            "last_used": rfc3339(self.used_at),
        }


def create(
    registry: Registry, caller: Caller, origin: Origin, name: str, scopes: Iterable[Scope], days: int | None
) -> tuple[Robot, str]:
    """A new robot and its token, which is told here and never again; it works for ``days``, or until it is revoked.

    Raises AccountInvalid, AccountExists, Denied.
    """
    caller.require(Action.ADMIN)
    check_account_name(name)
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise AccountInvalid(f"a token is good for 1 to {LONGEST_DAYS} days, or without an end; not for {days}")
    token = new_token()
    granted = list(scopes)

    def work(tx: Transaction) -> Robot:
        check_free(tx, name)
        id = accounts.add_robot(tx, name, kept(token), caller.name, tx.now + days * DAY if days is not None else None)
        for scope in granted:
            add_scope(tx, Holder(account=id), scope)
        robot = _robot(tx, find_account(tx, name))
        detail: dict[str, Json] = {"scopes": [str(scope) for scope in robot.scopes]}
        audit.note(tx, origin, caller, Deed.ROBOT_ADD, name, detail={**detail, "expires_at": rfc3339(robot.expires_at)})
        return robot

    return change(registry, caller, work), token


def everyone(registry: Registry, caller: Caller) -> list[Robot]:
    """All robots, by name. Raises Denied."""
    caller.require(Action.ADMIN)
    return registry.database.read(lambda tx: [_robot(tx, row) for row in accounts.all_of(tx, ROBOT)], snapshot=True)


def page(registry: Registry, caller: Caller, limit: int, after: str = "") -> Page[Robot]:
    """At most ``limit`` robots whose names come after that one, by name. Raises Denied."""
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[Robot]:
        return [_robot(tx, row) for row in accounts.page(tx, ROBOT, after, limit + 1)]

    return page_of(registry.database.read(work, snapshot=True), limit)


def find(registry: Registry, caller: Caller, name: str) -> Robot:
    """One robot: it may see itself. Raises AccountUnknown, Denied."""
    if (caller.kind, caller.name) != (Kind.ROBOT, name):
        caller.require(Action.ADMIN)
    return registry.database.read(lambda tx: _robot(tx, find_account(tx, name, ROBOT)), snapshot=True)


def revoke(registry: Registry, caller: Caller, origin: Origin, name: str) -> None:
    """Remove a robot: its token is good for nothing any more, at once. Raises AccountUnknown, Denied."""

    def work(tx: Transaction) -> None:
        drop(tx, find_account(tx, name, ROBOT))
        audit.note(tx, origin, caller, Deed.ROBOT_REMOVE, name)

    change(registry, caller, work)


def _robot(tx: Transaction, row: AccountRow) -> Robot:
    return Robot(
        row.name,
        tuple(scopes_of(tx, Holder(account=row.id))),
        row.expires_at,
        row.expires_at is not None and row.expires_at <= tx.now,
        row.created_by,
        row.created_at,
        row.used_at,
    )
