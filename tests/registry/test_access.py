from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import Denied, PatternInvalid, Unauthorized
from jettison.registry.access import ANONYMOUS, EVERYONE, GRANTED, Action, Caller, Grant, Kind, grant

NAMES = st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3}){0,2}", fullmatch=True)
PATTERNS = st.sampled_from(["**", "a", "a/*", "a/**", "*/b", "**/b"])
GRANTS = st.builds(grant, st.sets(st.sampled_from(GRANTED), max_size=3), PATTERNS)


def user(*grants: Grant) -> Caller:
    """Somebody with an account."""
    return Caller(Kind.USER, "ana", grants)


@pytest.mark.parametrize("caller", [ANONYMOUS, user(), Caller(Kind.OUTSIDE)])
def test_what_is_not_granted_is_refused(caller: Caller) -> None:
    """Without a grant nothing is allowed but what needs nothing, and no list shows anything."""
    for action in (*GRANTED, Action.CATALOG):
        assert not caller.may(action, "a/b")
        assert not caller.may(action)
    assert caller.may(Action.NOTHING)
    assert not caller.may_list("a/b")
    assert not caller.lists_all


@given(NAMES, st.lists(GRANTS, max_size=4), st.sampled_from(GRANTED))
def test_each_action_is_granted_apart(name: str, grants: list[Grant], action: Action) -> None:
    """Only a grant of the action itself, or of admin, on a pattern that matches allows it; push does not delete."""
    allowed = any(
        (action in each.actions or Action.ADMIN in each.actions)
        and (each.pattern is None or each.pattern.matches(name))
        for each in grants
    )
    assert user(*grants).may(action, name) == allowed


def test_a_grant_on_a_pattern_is_none_on_the_registry() -> None:
    """Who administers a team's repositories does not administer the registry; who administers all of it does both."""
    team, whole = user(grant([Action.ADMIN], "team/**")), user(grant([Action.ADMIN], "**"))
    assert team.may(Action.ADMIN, "team/app")
    assert not team.may(Action.ADMIN)
    assert not team.may(Action.DELETE, "other/app")
    assert whole.may(Action.ADMIN)
    assert whole.may(Action.DELETE, "other/app")


def test_lists_show_what_one_may_pull() -> None:
    """Who may push somewhere and pull elsewhere sees the latter; who may pull anything may ask for the catalog."""
    caller = user(grant([Action.PUSH], "mine/*"), grant([Action.PULL], "ours/*"))
    assert caller.may(Action.CATALOG)
    assert caller.may_list("ours/app")
    assert not caller.may_list("mine/app")
    assert not caller.lists_all
    assert user(grant([Action.PULL])).lists_all


def test_lists_may_go_by_other_grants_than_the_request() -> None:
    """A token for the catalog names no repository: what its account may pull decides."""
    caller = Caller(Kind.USER, "ana", (grant([Action.CATALOG]),), lists=(grant([Action.PULL], "ours/*"),))
    assert caller.may(Action.CATALOG)
    assert caller.may_list("ours/app")
    assert not caller.may_list("app")
    assert not caller.may(Action.PULL, "ours/app")


def test_a_refusal_says_whether_to_sign_in_or_to_ask() -> None:
    """Who has not said who they are is asked to; who has is told what to ask for, and of which repository."""
    with pytest.raises(Unauthorized, match="delete on team/app is not open to everyone: sign in"):
        ANONYMOUS.require(Action.DELETE, "team/app")
    with pytest.raises(Denied, match="ana may not delete team/app: ask an administrator"):
        user().require_each(Action.DELETE, ["team/b", "team/app"])
    with pytest.raises(Denied, match="ana may not administer: ask"):
        user().require(Action.ADMIN)
    EVERYONE.require_each(Action.DELETE, ["team/app"])
    user(grant([Action.DELETE], "team/*")).require_each(Action.DELETE, ["team/app"])


def test_identities_differ_by_kind_and_name() -> None:
    """A robot of a user's name is somebody else; nobody in particular has none."""
    kinds = [Kind.USER, Kind.ROBOT, Kind.OUTSIDE]
    assert len({Caller(kind, "ci").identity for kind in kinds}) == 3
    assert ANONYMOUS.identity == EVERYONE.identity == Caller(Kind.EVERYONE, "garbage-collect").identity == ""
    assert Caller(Kind.OUTSIDE).identity == "", "all who have a token without a name are not one"


def test_a_pattern_that_cannot_be_read_grants_nothing() -> None:
    """It is an error, not an empty grant."""
    with pytest.raises(PatternInvalid):
        grant([Action.PULL], "Team//*")
