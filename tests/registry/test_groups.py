from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.oci.errors import AccountExists, AccountInvalid, AccountUnknown, Denied, RegistryError, Unauthorized
from jettison.registry import grants, groups
from jettison.registry.access import ANONYMOUS, EVERYONE, Action, Caller
from jettison.registry.accounts import sign_in
from jettison.registry.groups import Group
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from tests.support.accounts import PASSWORD, add_group, add_robot, add_user, cheap_passwords, give
from tests.support.clock import Clock

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")


def test_groups_are_listed_with_their_members(registry: Registry, clock: Clock) -> None:
    """Both by name."""
    for name in ("bo", "ana"):
        add_user(registry, name)
    add_group(registry, "ops")
    add_group(registry, "dev", "bo", "ana", "bo")
    assert groups.everyone(registry, EVERYONE) == [
        Group("dev", ("ana", "bo"), clock.now),
        Group("ops", (), clock.now),
    ]
    assert groups.everyone(registry, EVERYONE)[0].to_json() == {
        "name": "dev",
        "members": ["ana", "bo"],
        "created_at": "2023-11-14T22:13:20Z",
    }


def test_a_group_may_have_the_name_of_an_account(registry: Registry) -> None:
    """And is not it: what is granted to one is not granted to the other."""
    ana = add_user(registry, "ana")
    add_group(registry, "ana")
    give(registry, "group:ana", "team/**:pull")
    assert sign_in(registry, "ana", PASSWORD) == ana
    with pytest.raises(AccountExists, match="there is a group ana already"):
        add_group(registry, "ana")
    with pytest.raises(AccountInvalid):
        add_group(registry, "Ana")


def test_a_removed_group_takes_what_was_granted_to_it(registry: Registry) -> None:
    """From its members; and a new one of the name has nothing of it."""
    add_user(registry, "ana")
    add_group(registry, "dev", "ana")
    give(registry, "group:dev", "team/**:pull")
    assert sign_in(registry, "ana", PASSWORD).may(Action.PULL, "team/app")
    groups.remove(registry, EVERYONE, NOBODY, "dev")
    assert sign_in(registry, "ana", PASSWORD).grants == ()
    add_group(registry, "dev", "ana")
    assert sign_in(registry, "ana", PASSWORD).grants == ()
    assert grants.everyone(registry, EVERYONE) == []


CHANGES: dict[str, Callable[[Registry, Caller], object]] = {
    "add": lambda registry, caller: groups.add(registry, caller, NOBODY, "new"),
    "list": groups.everyone,
    "remove": lambda registry, caller: groups.remove(registry, caller, NOBODY, "dev"),
    "join": lambda registry, caller: groups.join(registry, caller, NOBODY, "dev", "ana"),
    "leave": lambda registry, caller: groups.leave(registry, caller, NOBODY, "dev", "ana"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_administrators_change_and_see_groups(registry: Registry, change: str) -> None:
    """Joining one is no way to what is granted to it."""
    ana = add_user(registry, "ana", "**:pull,push,delete", "team/**:admin")
    add_group(registry, "dev")
    for caller, refusal in ((ana, Denied), (ANONYMOUS, Unauthorized)):
        with pytest.raises(refusal):
            CHANGES[change](registry, caller)
    assert groups.everyone(registry, EVERYONE)[0].members == ()


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda registry: groups.join(registry, EVERYONE, NOBODY, "ops", "ana"), "there is no group 'ops'"),
        (lambda registry: groups.join(registry, EVERYONE, NOBODY, "a\x00", "ana"), "there is no group"),
        (lambda registry: groups.join(registry, EVERYONE, NOBODY, "dev", "nobody"), "there is no user 'nobody'"),
        (lambda registry: groups.join(registry, EVERYONE, NOBODY, "dev", "ci"), "ci is a robot, not a user"),
        (lambda registry: groups.leave(registry, EVERYONE, NOBODY, "dev", "ana"), "ana is no member of the group dev"),
        (lambda registry: groups.remove(registry, EVERYONE, NOBODY, "gone"), "there is no group 'gone'"),
    ],
)
def test_what_is_not_there_is_named(registry: Registry, ask: Callable[[Registry], object], message: str) -> None:
    """Robots have scopes of their own, and are in no group."""
    add_user(registry, "ana")
    add_robot(registry, "ci")
    add_group(registry, "dev")
    with pytest.raises(RegistryError, match=message) as caught:
        ask(registry)
    assert isinstance(caught.value, AccountUnknown)


def test_groups_are_paged_with_their_members(registry: Registry) -> None:
    """By name; each page has the members of its own groups."""
    add_user(registry, "ana")
    for name in ("a", "b", "c"):
        add_group(registry, name, "ana")
    first, last = groups.page(registry, EVERYONE, 2), groups.page(registry, EVERYONE, 2, "b")
    assert ([group.name for group in first.entries], first.more) == (["a", "b"], True)
    assert ([group.name for group in last.entries], last.more) == (["c"], False)
    assert first.entries + last.entries == groups.everyone(registry, EVERYONE)
    assert groups.page(registry, EVERYONE, 2, "zz").entries == []
