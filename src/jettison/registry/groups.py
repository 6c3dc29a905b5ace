"""Groups of users: what is granted to a group counts for each of its members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jettison.metadata import grants, groups
from jettison.metadata.accounts import USER
from jettison.metadata.database import Transaction
from jettison.metadata.grants import Holder
from jettison.oci.errors import AccountExists, AccountUnknown, Json, quoted
from jettison.registry import audit
from jettison.registry.access import Action, Caller
from jettison.registry.account_name import check_account_name, is_account_name
from jettison.registry.administration import change, find_account
from jettison.registry.audit import Deed
from jettison.registry.listing import Page, page_of
from jettison.registry.origin import Origin
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the names of its members."""

    name: str
    members: tuple[str, ...]
    created_at: int

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {"name": self.name, "members": list(self.members), "created_at": rfc3339(self.created_at)}


def add(registry: Registry, caller: Caller, origin: Origin, name: str, *users: str) -> Group:
    """A new group with these members. Raises AccountInvalid, AccountExists, AccountUnknown, Denied."""
    caller.require(Action.ADMIN)
    check_account_name(name)

    def work(tx: Transaction) -> Group:
        if groups.find(tx, name) is not None:
            raise AccountExists(f"there is a group {name} already")
        id = groups.add(tx, name)
        _note(tx, origin, caller, name, "add")
        _join(tx, origin, caller, name, id, users)
        return _group(tx, name)

    return change(registry, caller, work)


def everyone(registry: Registry, caller: Caller) -> list[Group]:
    """All groups, by name. Raises Denied."""
    caller.require(Action.ADMIN)
    return registry.database.read(_groups, snapshot=True)


def page(registry: Registry, caller: Caller, limit: int, after: str = "") -> Page[Group]:
    """At most ``limit`` groups whose names come after that one, by name. Raises Denied."""
    caller.require(Action.ADMIN)

    def work(tx: Transaction) -> list[Group]:
        found = groups.page(tx, after, limit + 1)
        return _with_members(found, groups.members(tx, found[0][0], found[-1][0]) if found else [])

    return page_of(registry.database.read(work, snapshot=True), limit)


def remove(registry: Registry, caller: Caller, origin: Origin, name: str) -> None:
    """Remove a group with all that is granted to it. Raises AccountUnknown, LastAdministrator, Denied."""

    def work(tx: Transaction) -> None:
        id = find_group(tx, name)
        grants.take_all(tx, Holder(group=id))
        groups.remove(tx, id)
        _note(tx, origin, caller, name, "remove")

    change(registry, caller, work)


def join(registry: Registry, caller: Caller, origin: Origin, name: str, *users: str) -> Group:
    """Make users members, all or none; one who is one stays so. Raises AccountUnknown, Denied."""

    def work(tx: Transaction) -> Group:
        _join(tx, origin, caller, name, find_group(tx, name), users)
        return _group(tx, name)

    return change(registry, caller, work)


def leave(registry: Registry, caller: Caller, origin: Origin, name: str, *users: str) -> Group:
    """End the membership of users, all or none.

    Raises AccountUnknown, also for one who is no member; LastAdministrator, Denied.
    """

    def work(tx: Transaction) -> Group:
        id = find_group(tx, name)
        for user in users:
            if not groups.leave(tx, id, find_account(tx, user, USER).id):
                raise AccountUnknown(f"{user} is no member of the group {name}")
            _note(tx, origin, caller, name, "leave", user)
        return _group(tx, name)

    return change(registry, caller, work)


def find_group(tx: Transaction, name: str) -> int:
    """The id of the group. Raises AccountUnknown."""
    id = groups.find(tx, name) if is_account_name(name) else None
    if id is None:
        raise AccountUnknown(f"there is no group {quoted(name)}")
    return id


def _join(tx: Transaction, origin: Origin, caller: Caller, name: str, id: int, users: Iterable[str]) -> None:
    for user in users:
        if groups.join(tx, id, find_account(tx, user, USER).id):
            _note(tx, origin, caller, name, "join", user)


def _groups(tx: Transaction) -> list[Group]:
    return _with_members(groups.all_groups(tx), groups.memberships(tx))


def _with_members(found: Iterable[tuple[str, int]], memberships: Iterable[tuple[str, str]]) -> list[Group]:
    members: dict[str, list[str]] = {}
    for name, user in memberships:
        members.setdefault(name, []).append(user)
    return [Group(name, tuple(members.get(name, ())), created_at) for name, created_at in found]


def _group(tx: Transaction, name: str) -> Group:
    [group] = _with_members([each for each in groups.all_groups(tx) if each[0] == name], groups.members(tx, name, name))
    return group


def _note(tx: Transaction, origin: Origin, caller: Caller, name: str, what: str, user: str | None = None) -> None:
    """Tell of it: of a membership as the user's, of the group itself as the group's."""
    target = user if user is not None else f"group:{name}"
    audit.note(tx, origin, caller, Deed.ACCOUNT_CHANGE, target, detail={"group": name, "change": what})
