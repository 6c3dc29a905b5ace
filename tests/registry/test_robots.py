from __future__ import annotations

import re

import pytest

from jettison.metadata import audit
from jettison.oci.errors import AccountExists, AccountInvalid, AccountUnknown, Denied, Unauthorized
from jettison.registry import robots
from jettison.registry.access import ANONYMOUS, EVERYONE
from jettison.registry.accounts import by_token
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.robots import LONGEST_DAYS
from jettison.registry.scope import Scope
from tests.support.accounts import add_robot, add_user, cheap_passwords, give
from tests.support.clock import Clock

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")


def test_a_token_is_told_once_and_is_random(registry: Registry) -> None:
    """256 bits of it, in letters that stand anywhere as they are, with what one can search for in front."""
    first, second = (add_robot(registry, name) for name in ("ci", "cd"))
    for token in (first, second):
        assert re.fullmatch(r"jettison_[A-Za-z0-9_-]{43}", token)
    assert first != second
    [shown, _] = robots.everyone(registry, EVERYONE)
    assert first not in repr(shown)
    assert first not in repr(shown.to_json())


def test_a_robot_tells_its_scopes_and_its_times(registry: Registry, clock: Clock) -> None:
    """The scopes of one pattern are one."""
    began = clock.now
    robot, token = robots.create(
        registry,
        add_user(registry, "root", admin=True),
        NOBODY,
        "ci",
        [Scope.parse(text) for text in ("team/**:push", "base/*:pull", "team/**:pull")],
        2,
    )
    assert robot.to_json() == {
        "name": "ci",
        "scopes": [
            {"pattern": "base/*", "actions": ["pull"]},
            {"pattern": "team/**", "actions": ["pull", "push"]},
        ],
        "expires_at": "2023-11-16T22:13:20Z",
        "expired": False,
        "created_by": "root",
        "created_at": "2023-11-14T22:13:20Z",
        "last_used": None,
    }
    clock.advance(60)
    by_token(registry, token)
    clock.advance(2 * 24 * 3600)
    [later] = robots.everyone(registry, EVERYONE)
    assert (later.expired, later.used_at, later.created_at) == (True, began + 60_000_000, began)
    assert later == robots.find(registry, EVERYONE, "ci")


def test_a_robot_without_scopes_may_nothing_until_it_is_granted(registry: Registry) -> None:
    """A grant to it is a scope of it."""
    token = add_robot(registry, "ci")
    assert by_token(registry, token).grants == ()
    give(registry, "ci", "team/**:pull")
    assert by_token(registry, token).grants == (Scope.parse("team/**:pull").grant,)
    assert robots.find(registry, EVERYONE, "ci").scopes == (Scope.parse("team/**:pull"),)


def test_a_revoked_robot_leaves_its_name_and_nothing_else(registry: Registry) -> None:
    """Who gets the name later has none of its scopes, and its token stays good for nothing."""
    token = add_robot(registry, "ci", "team/**:delete")
    robots.revoke(registry, EVERYONE, NOBODY, "ci")
    with pytest.raises(AccountUnknown, match="there is no robot 'ci'"):
        robots.revoke(registry, EVERYONE, NOBODY, "ci")
    again = add_robot(registry, "ci")
    assert by_token(registry, again).grants == ()
    with pytest.raises(Unauthorized):
        by_token(registry, token)


@pytest.mark.parametrize("days", [0, -1, LONGEST_DAYS + 1, 10**30])
def test_a_life_that_cannot_be_is_refused(registry: Registry, days: int) -> None:
    """With the longest that can."""
    with pytest.raises(AccountInvalid, match=f"1 to {LONGEST_DAYS} days"):
        add_robot(registry, "ci", days=days)
    assert robots.everyone(registry, EVERYONE) == []


def test_names_are_shared_with_users(registry: Registry) -> None:
    """A user is no robot, and its name is taken."""
    add_user(registry, "ana")
    with pytest.raises(AccountExists, match="there is a user ana already"):
        add_robot(registry, "ana")
    with pytest.raises(AccountInvalid):
        add_robot(registry, "CI")
    for ask in (
        lambda: robots.revoke(registry, EVERYONE, NOBODY, "ana"),
        lambda: robots.find(registry, EVERYONE, "ana"),
    ):
        with pytest.raises(AccountUnknown, match="ana is a user, not a robot"):
            ask()


def test_only_administrators_make_and_see_robots(registry: Registry) -> None:
    """A robot sees itself, and makes no other."""
    token = add_robot(registry, "ci", "**:pull,push,delete", "team/**:admin")
    ci = by_token(registry, token)
    for caller, refusal in ((ci, Denied), (ANONYMOUS, Unauthorized)):
        for ask in (
            lambda caller: robots.create(registry, caller, NOBODY, "cd", [], None),
            lambda caller: robots.everyone(registry, caller),
            lambda caller: robots.revoke(registry, caller, NOBODY, "ci"),
            lambda caller: robots.find(registry, caller, "cd"),
        ):
            with pytest.raises(refusal):
                ask(caller)
    assert robots.find(registry, ci, "ci").name == "ci"


def test_the_audit_log_tells_of_robots(registry: Registry) -> None:
    """With their scopes, and never their tokens."""
    token = add_robot(registry, "ci", "team/**:push", days=1)
    robots.revoke(registry, EVERYONE, NOBODY, "ci")
    lines = registry.database.read(lambda tx: audit.page(tx, before=2**62, limit=9, only=audit.Filter()))
    assert [(line.action, line.target, line.detail) for line in lines] == [
        ("robot-remove", "ci", "{}"),
        ("robot-add", "ci", '{"scopes":["team/**:push"],"expires_at":"2023-11-15T22:13:20Z"}'),
    ]
    assert token not in repr(lines)


def test_robots_are_paged(registry: Registry) -> None:
    """By name, and users are none."""
    add_user(registry, "bob")
    for name in ("a", "b", "c"):
        add_robot(registry, name, "team/**:pull")
    first, last = robots.page(registry, EVERYONE, 2), robots.page(registry, EVERYONE, 2, "b")
    assert (len(first.entries), first.more, len(last.entries), last.more) == (2, True, 1, False)
    assert first.entries + last.entries == robots.everyone(registry, EVERYONE)
