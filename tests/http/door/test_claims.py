from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.http.door.claims import CATALOG_GRANT, granted, grants_of
from jettison.http.door.scope import parse_scopes
from jettison.registry.access import Action, Caller, Kind, grant

DEVELOPER = Caller(Kind.USER, "ann", (grant([Action.PULL, Action.PUSH], "team/**"),))
CLEANER = Caller(Kind.ROBOT, "cleaner", (grant([Action.PULL, Action.DELETE], "team/*"),))
ADMINISTRATOR = Caller(Kind.USER, "root", (grant([Action.ADMIN]),))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["repository", "a", "pull", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "name", "actions", "class"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def given_to(caller: Caller, *scopes: str) -> dict[str, list[str]]:
    """What is in a token for these scopes, by name."""
    return {each["name"]: each["actions"] for each in granted(caller, parse_scopes(scopes))}


def test_a_token_holds_what_was_asked_for_and_may_be_done() -> None:
    """The one cut with the other; what nothing is left of is not in it."""
    assert given_to(DEVELOPER, "repository:team/a:pull,push,delete") == {"team/a": ["pull", "push"]}
    assert given_to(DEVELOPER, "repository:team/a:push") == {"team/a": ["push"]}
    assert given_to(DEVELOPER, "repository:other:pull,push repository:team/b:pull") == {"team/b": ["pull"]}
    assert given_to(DEVELOPER, "repository:team/a:delete", "repository:team/a:") == {}


@pytest.mark.parametrize("caller", [CLEANER, ADMINISTRATOR])
def test_delete_is_in_a_token_only_where_it_was_asked_for(caller: Caller) -> None:
    """By its word or by all of them: a client that pulls must not carry it about."""
    assert "delete" not in given_to(caller, "repository:team/a:pull,push")["team/a"]
    assert "delete" in given_to(caller, "repository:team/a:delete")["team/a"]
    assert "delete" in given_to(caller, "repository:team/a:*")["team/a"]


def test_all_is_what_may_be_done_and_no_more() -> None:
    """It is spelled out, since whoever verifies the token elsewhere reads `*` as everything."""
    assert given_to(DEVELOPER, "repository:team/a:*") == {"team/a": ["pull", "push"]}
    assert given_to(ADMINISTRATOR, "repository:a:*") == {"a": ["pull", "push", "delete"]}


def test_the_catalog_is_for_whoever_may_pull_something() -> None:
    """Its list shows no more than that."""
    assert given_to(DEVELOPER, "registry:catalog:*") == {"catalog": ["*"]}
    assert given_to(Caller(Kind.ANONYMOUS), "registry:catalog:*") == {}
    assert given_to(ADMINISTRATOR, "registry:catalog:pull registry:else:* thing:a:pull") == {}


def test_a_class_is_given_back() -> None:
    """Clients that ask for a plugin compare."""
    (entry,) = granted(DEVELOPER, parse_scopes(["repository(plugin):team/a:pull"]))
    assert entry == {"type": "repository", "class": "plugin", "name": "team/a", "actions": ["pull"]}


def test_claims_become_grants_on_one_repository_each() -> None:
    """A name in a token is that name, whatever it looks like."""
    caller = Caller(
        Kind.OUTSIDE,
        grants=grants_of(
            [
                {"type": "repository", "name": "a/b", "actions": ["pull", "push"]},
                {"type": "repository", "name": "c", "actions": ["*"]},
                {"type": "registry", "name": "catalog", "actions": ["*"]},
            ]
        ),
    )
    assert caller.may(Action.PULL, "a/b")
    assert caller.may(Action.PUSH, "a/b")
    assert not caller.may(Action.DELETE, "a/b")
    assert not caller.may(Action.PULL, "a/b/c")
    assert caller.may(Action.DELETE, "c")
    assert not caller.may(Action.ADMIN, "c")
    assert not caller.may(Action.ADMIN)
    assert CATALOG_GRANT in caller.grants


@pytest.mark.parametrize(
    "access",
    [
        None,
        {},
        "repository:a:pull",
        [None, 5, "a", []],
        [{"type": "repository", "name": "**", "actions": ["pull"]}],
        [{"type": "repository", "name": "a/*", "actions": ["pull"]}],
        [{"type": "repository", "name": "", "actions": ["*"]}],
        [{"type": "repository", "name": ["a"], "actions": ["*"]}],
        [{"type": "repository", "name": "a", "actions": "pull"}],
        [{"type": "repository", "name": "a", "actions": ["admin", 5, None]}],
        [{"type": "registry", "name": "catalog", "actions": ["pull"]}],
        [{"type": "registry", "name": "everything", "actions": ["*"]}],
    ],
)
def test_what_is_no_claim_grants_nothing(access: Any) -> None:
    """Neither a pattern in place of a name, nor a word in place of a list."""
    assert grants_of(access) == ()


@given(JSON)
def test_whatever_a_token_says_grants_repositories_by_name_only(access: Any) -> None:
    """Anything that JSON can hold."""
    for each in grants_of(access):
        assert each == CATALOG_GRANT or (each.pattern is not None and each.pattern.literal)
        assert Action.ADMIN not in each.actions
