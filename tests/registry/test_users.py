from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from jettison.metadata import audit
from jettison.oci.errors import (
    AccountExists,
    AccountInvalid,
    AccountUnknown,
    Denied,
    LastAdministrator,
    TooManyRequests,
    Unauthorized,
)
from jettison.registry import grants, groups, users
from jettison.registry.access import ANONYMOUS, EVERYONE, Action, Caller, Kind
from jettison.registry.accounts import sign_in
from jettison.registry.origin import NOBODY, Origin
from jettison.registry.registry import Registry
from jettison.registry.users import User
from tests.support.accounts import PASSWORD, add_group, add_robot, add_user, cheap_passwords, give, take
from tests.support.clock import Clock
from tests.support.place import Place

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")

TAKEN_FROM_ADMINISTRATORS: dict[str, Callable[[Registry], object]] = {
    "remove": lambda registry: users.remove(registry, EVERYONE, NOBODY, "root"),
    "disable": lambda registry: users.set_disabled(registry, EVERYONE, NOBODY, "root", disabled=True),
    "take": lambda registry: grants.take(registry, EVERYONE, NOBODY, "root", "**"),
    "take one action": lambda registry: take(registry, "root", "**:admin"),
}


def test_a_user_is_added_with_nothing_granted(registry: Registry, clock: Clock) -> None:
    """Deny by default."""
    added = users.add(registry, EVERYONE, NOBODY, "ana", PASSWORD)
    assert added == User("ana", False, False, (), "", clock.now, None)
    assert sign_in(registry, "ana", PASSWORD).grants == ()


def test_an_administrator_may_everything(registry: Registry) -> None:
    """By a grant, as anybody else may."""
    root = add_user(registry, "root", admin=True)
    assert root.may(Action.ADMIN)
    assert root.may(Action.DELETE, "any/thing")
    assert users.find(registry, EVERYONE, "root").admin
    assert [str(each.scope) for each in grants.everyone(registry, EVERYONE)] == ["**:admin"]


def test_users_are_listed_by_name(registry: Registry, clock: Clock) -> None:
    """With whether they administer the registry, their groups, and when they were last there."""
    add_user(registry, "root", admin=True)
    users.add(registry, sign_in(registry, "root", PASSWORD), NOBODY, "bo", PASSWORD)
    add_user(registry, "ana")
    add_robot(registry, "ci")
    add_group(registry, "ops", "ana", "bo")
    add_group(registry, "dev", "ana")
    give(registry, "group:ops", "**:admin")
    users.set_disabled(registry, EVERYONE, NOBODY, "bo", disabled=True)
    assert users.everyone(registry, EVERYONE) == [
        User("ana", True, False, ("dev", "ops"), "", clock.now, clock.now),
        User("bo", False, True, ("ops",), "root", clock.now, None),
        User("root", True, False, (), "", clock.now, clock.now),
    ]
    assert users.everyone(registry, EVERYONE)[1].to_json() == {
        "name": "bo",
        "admin": False,
        "disabled": True,
        "groups": ["ops"],
        "created_by": "root",
        "created_at": "2023-11-14T22:13:20Z",
        "last_used": None,
    }


@pytest.mark.parametrize("name", ["ana", "ci"])
def test_a_name_that_is_taken_is_refused(registry: Registry, name: str) -> None:
    """By a user or by a robot; nothing of it has changed."""
    add_user(registry, "ana")
    add_robot(registry, "ci")
    with pytest.raises(AccountExists, match=f"there is a .* {name} already"):
        users.add(registry, EVERYONE, NOBODY, name, "another password", admin=True)
    assert sign_in(registry, "ana", PASSWORD).grants == ()


def test_of_two_who_take_a_name_at_once_one_gets_it(registry: Registry, place: Place) -> None:
    """The other is told that it is taken."""
    registries = [registry, place.open_registry()]
    together = threading.Barrier(2)

    def add(own: Registry) -> str:
        together.wait(10)
        try:
            users.add(own, EVERYONE, NOBODY, "ana", PASSWORD)
        except AccountExists:
            return "taken"
        return "added"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(add, registries)) == ["added", "taken"]


def test_what_cannot_be_had_is_refused_before_anything_is_written(registry: Registry) -> None:
    """Names and passwords, at first and later."""
    add_user(registry, "ana")
    for name, password in (("Bo", PASSWORD), ("bo", "short"), ("bo", "x" * 2000)):
        with pytest.raises(AccountInvalid):
            users.add(registry, EVERYONE, NOBODY, name, password)
    with pytest.raises(AccountInvalid):
        users.set_password(registry, EVERYONE, NOBODY, "ana", "short")
    assert [user.name for user in users.everyone(registry, EVERYONE)] == ["ana"]
    assert sign_in(registry, "ana", PASSWORD).name == "ana"


@pytest.mark.parametrize("name", ["nobody", "ci", "Ana", "a\x00", "\ud800"], ids=ascii)
def test_who_is_no_user_is_not_found(registry: Registry, name: str) -> None:
    """A robot is none."""
    add_robot(registry, "ci")
    for ask in (
        lambda: users.find(registry, EVERYONE, name),
        lambda: users.remove(registry, EVERYONE, NOBODY, name),
        lambda: users.set_disabled(registry, EVERYONE, NOBODY, name, disabled=True),
        lambda: users.set_password(registry, EVERYONE, NOBODY, name, PASSWORD),
    ):
        with pytest.raises(AccountUnknown):
            ask()


def test_a_user_is_removed_with_all_that_is_of_it(registry: Registry) -> None:
    """Who gets the name later has nothing of it."""
    add_user(registry, "ana", "team/**:delete")
    add_group(registry, "dev", "ana")
    give(registry, "group:dev", "other:push")
    users.remove(registry, EVERYONE, NOBODY, "ana")
    with pytest.raises(Unauthorized):
        sign_in(registry, "ana", PASSWORD)
    assert add_user(registry, "ana").grants == ()
    assert groups.everyone(registry, EVERYONE)[0].members == ()


def test_a_user_who_is_disabled_keeps_what_is_granted(registry: Registry) -> None:
    """For when it is enabled again."""
    before = add_user(registry, "ana", "team/**:delete")
    assert users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=True).disabled
    assert not users.set_disabled(registry, EVERYONE, NOBODY, "ana", disabled=False).disabled
    assert sign_in(registry, "ana", PASSWORD) == before


def test_another_password_is_the_only_one_then(registry: Registry) -> None:
    """At once."""
    add_user(registry, "ana")
    users.set_password(registry, EVERYONE, NOBODY, "ana", "another password")
    assert sign_in(registry, "ana", "another password").name == "ana"
    with pytest.raises(Unauthorized):
        sign_in(registry, "ana", PASSWORD)


# --------------------------------------------------------------------------------------------------------- own password


def test_a_user_changes_the_own_password_with_the_current_one(registry: Registry) -> None:
    """And needs no grant for it."""
    ana = add_user(registry, "ana")
    users.change_own_password(registry, ana, NOBODY, PASSWORD, "another password")
    assert sign_in(registry, "ana", "another password") == ana


@pytest.mark.parametrize("caller", [ANONYMOUS, EVERYONE, Caller(Kind.ROBOT, "ana"), Caller(Kind.OUTSIDE, "ana")])
def test_who_is_no_user_has_no_password(registry: Registry, caller: Caller) -> None:
    """Whatever they may do, and whatever their name is."""
    add_user(registry, "ana")
    with pytest.raises(Denied, match="only a user has a password"):
        users.change_own_password(registry, caller, NOBODY, PASSWORD, "another password")


def test_who_has_somebodys_session_does_not_get_the_account(registry: Registry) -> None:
    """The current password is needed, and guessing it is counted as at the door."""
    ana = add_user(registry, "ana")
    somewhere = Origin(address="192.0.2.1")
    refusals = []
    for guess in range(20):
        with pytest.raises((Denied, TooManyRequests)) as caught:
            users.change_own_password(registry, ana, somewhere, f"guess {guess}", "another password")
        refusals.append(type(caught.value))
    assert refusals[0] is Denied
    assert refusals[-1] is TooManyRequests
    assert sign_in(registry, "ana", PASSWORD) == ana


def test_a_password_that_was_changed_meanwhile_is_not_overwritten(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An administrator who reset it has the last word."""
    ana = add_user(registry, "ana")
    hash = registry.passwords.hash

    def slow(password: str) -> str:
        monkeypatch.setattr(registry.passwords, "hash", hash)
        users.set_password(registry, EVERYONE, NOBODY, "ana", "reset by root")
        return hash(password)

    monkeypatch.setattr(registry.passwords, "hash", slow)
    with pytest.raises(Denied, match="has changed meanwhile"):
        users.change_own_password(registry, ana, NOBODY, PASSWORD, "another password")
    assert sign_in(registry, "ana", "reset by root").name == "ana"


# ----------------------------------------------------------------------------------------------- the last administrator


@pytest.mark.parametrize("what", TAKEN_FROM_ADMINISTRATORS)
def test_the_last_administrator_stays(registry: Registry, what: str) -> None:
    """Whatever it is that would take it; beside another one it is done. One who is disabled does not count."""
    root = add_user(registry, "root", admin=True)
    add_user(registry, "off", admin=True)
    add_robot(registry, "ci", "**:admin")
    users.set_disabled(registry, EVERYONE, NOBODY, "off", disabled=True)
    with pytest.raises(LastAdministrator, match=r"root is the last administrator: .* user add --admin"):
        TAKEN_FROM_ADMINISTRATORS[what](registry)
    assert sign_in(registry, "root", PASSWORD) == root

    users.set_disabled(registry, EVERYONE, NOBODY, "off", disabled=False)
    TAKEN_FROM_ADMINISTRATORS[what](registry)
    assert [user.name for user in users.everyone(registry, EVERYONE) if user.admin] == ["off"]


@pytest.mark.parametrize(
    "change",
    [
        lambda registry: groups.remove(registry, EVERYONE, NOBODY, "ops"),
        lambda registry: groups.leave(registry, EVERYONE, NOBODY, "ops", "root"),
        lambda registry: take(registry, "group:ops", "**:admin"),
        lambda registry: users.remove(registry, EVERYONE, NOBODY, "root"),
    ],
    ids=["group removed", "member leaves", "group's grant taken", "member removed"],
)
def test_the_last_one_through_a_group_stays_too(registry: Registry, change: Callable[[Registry], object]) -> None:
    """A grant to a group makes its members administrators."""
    add_user(registry, "root")
    add_group(registry, "ops", "root")
    give(registry, "group:ops", "**:pull,admin")
    with pytest.raises(LastAdministrator):
        change(registry)
    assert users.find(registry, EVERYONE, "root").admin


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(registry: Registry, place: Place) -> None:
    """In replicas too: each sees what the other has done."""
    for _ in range(5):
        for name in ("root", "boss"):
            if name not in [user.name for user in users.everyone(registry, EVERYONE)]:
                add_user(registry, name, admin=True)
        other = place.open_registry()
        together = threading.Barrier(2)

        def remove(own: Registry, name: str, together: threading.Barrier = together) -> type[LastAdministrator] | None:
            together.wait(10)
            try:
                users.remove(own, EVERYONE, NOBODY, name)
            except LastAdministrator:
                return LastAdministrator
            return None

        with ThreadPoolExecutor(2) as threads:
            done = list(threads.map(remove, (registry, other), ("root", "boss")))
        assert sorted(done, key=str) == [None, LastAdministrator] or sorted(done, key=str) == [LastAdministrator, None]
        assert sum(user.admin for user in users.everyone(registry, EVERYONE)) == 1


def test_without_administrators_nothing_is_refused(registry: Registry) -> None:
    """Accounts can be made in any order, and taken back."""
    add_user(registry, "ana", "team/**:admin")
    users.remove(registry, EVERYONE, NOBODY, "ana")
    assert users.everyone(registry, EVERYONE) == []


# -------------------------------------------------------------------------------------------------------------- who may


@pytest.mark.parametrize("scope", [None, "**:pull,push,delete", "team/**:admin", "*:admin"])
def test_only_who_administers_the_registry_changes_accounts(registry: Registry, scope: str | None) -> None:
    """Whoever may all else, or administers some repositories, may not; nor who has not signed in."""
    ana = add_user(registry, "ana", *([scope] if scope else []))
    for caller, refusal in ((ana, Denied), (ANONYMOUS, Unauthorized)):
        for ask in (
            lambda caller: users.add(registry, caller, NOBODY, "bo", PASSWORD, admin=True),
            lambda caller: users.everyone(registry, caller),
            lambda caller: users.find(registry, caller, "root"),
            lambda caller: users.set_password(registry, caller, NOBODY, "ana", "another password"),
            lambda caller: users.set_disabled(registry, caller, NOBODY, "ana", disabled=False),
            lambda caller: users.remove(registry, caller, NOBODY, "ana"),
        ):
            with pytest.raises(refusal):
                ask(caller)
    assert [user.name for user in users.everyone(registry, EVERYONE)] == ["ana"]
    assert users.find(registry, ana, "ana").name == "ana"


def test_a_robot_of_the_name_is_not_the_user(registry: Registry) -> None:
    """Nor is somebody outside."""
    add_user(registry, "ana")
    for kind in (Kind.ROBOT, Kind.OUTSIDE):
        with pytest.raises(Denied):
            users.find(registry, Caller(kind, "ana"), "ana")


def test_the_audit_log_tells_of_every_change(registry: Registry) -> None:
    """Who did what to whom; of no refused one, which changed nothing."""
    root = add_user(registry, "root", admin=True)
    origin = Origin(id="request", address="192.0.2.7")
    users.add(registry, root, origin, "ana", PASSWORD)
    users.set_password(registry, root, origin, "ana", "another password")
    users.set_disabled(registry, root, origin, "ana", disabled=True)
    users.remove(registry, root, origin, "ana")
    with pytest.raises(LastAdministrator):
        users.remove(registry, root, origin, "root")
    lines = registry.database.read(lambda tx: audit.page(tx, before=2**62, limit=9, only=audit.Filter()))
    assert [(line.who, line.address, line.action, line.target) for line in reversed(lines)] == [
        ("", "", "account-add", "root"),
        ("root", "192.0.2.7", "account-add", "ana"),
        ("root", "192.0.2.7", "password", "ana"),
        ("root", "192.0.2.7", "account-change", "ana"),
        ("root", "192.0.2.7", "account-remove", "ana"),
    ]
    assert PASSWORD not in repr(lines)


def test_users_are_paged(registry: Registry) -> None:
    """By name, after any name, whether it is one's or not."""
    for name in ("ana", "bo", "cy"):
        add_user(registry, name)
    add_robot(registry, "bot")
    first = users.page(registry, EVERYONE, 2)
    assert ([user.name for user in first.entries], first.more) == (["ana", "bo"], True)
    last = users.page(registry, EVERYONE, 2, "bo")
    assert ([user.name for user in last.entries], last.more) == (["cy"], False)
    assert users.page(registry, EVERYONE, 3).entries == users.everyone(registry, EVERYONE)
    assert users.page(registry, EVERYONE, 3, "zz").entries == []
    with pytest.raises(Denied):
        users.page(registry, sign_in(registry, "ana", PASSWORD), 2)
