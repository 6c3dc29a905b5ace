from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jettison.http.door.scope import MOST, Scope, is_name, needed, parse_scopes
from jettison.http.request import BadRequest
from jettison.oci.reference import NAME_PATTERN
from jettison.registry.access import Action

NAMES = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: len(name) <= 255)
ACTIONS = st.lists(st.sampled_from(["pull", "push", "delete", "*"]), unique=True, max_size=4).map(tuple)
SCOPES = st.builds(Scope, st.just("repository"), NAMES, ACTIONS, st.sampled_from(["", "plugin"]))


@given(SCOPES)
@example(Scope("registry", "catalog", ("*",)))
@example(Scope("repository", "a/b", ()))
@pytest.mark.slow
def test_a_scope_is_read_as_it_is_written(scope: Scope) -> None:
    """Kind, class, name and actions."""
    assert Scope.parse(str(scope)) == scope


def test_several_scopes_come_in_any_form() -> None:
    """In one text with spaces between, in several texts, in both; what is asked for twice is granted once."""
    assert parse_scopes(
        ["repository:a:pull repository:b/c:pull,push", "repository:a:pull", "", "registry:catalog:*"]
    ) == (
        Scope("repository", "a", ("pull",)),
        Scope("repository", "b/c", ("pull", "push")),
        Scope("registry", "catalog", ("*",)),
    )
    assert parse_scopes([]) == ()


def test_an_action_that_is_written_twice_is_one() -> None:
    """So what is signed has no more in it than there is."""
    assert Scope.parse("repository:a:pull,pull,push").actions == ("pull", "push")


@pytest.mark.parametrize(
    "text",
    [
        "repository",
        "repository:",
        "repository:a",
        "repository::pull",
        ":a:pull",
        "repository:a:pull,",
        "repository:a:,pull",
        "repository:a:PULL",
        "repository:A:pull",
        "repository:a/:pull",
        "repository:/a:pull",
        "repository:../a:pull",
        "repository:a/**:pull",
        "repository:*:pull",
        "repository:localhost:5000/a:pull",
        "repository:registry.example.com:443/a/b:pull,push",
        "repository:a\n:pull",
        "repository(:a:pull",
        "repository(plugin:a:pull",
        "repository(a)(b):a:pull",
        "Repository:a:pull",
        "repository:a:pull:push:",
        'repository:a":pull',
        "registry:cata log:*",
        f"repository:{'a' * 256}:pull",
        f"repository:a:{'pull,' * 300}pull",
    ],
)
def test_what_is_no_scope_is_refused(text: str) -> None:
    """Names with a host and a port before them too: no repository here has one."""
    with pytest.raises(BadRequest):
        Scope.parse(text)


@given(st.text(max_size=100))
@example("repository:" + ":" * 90)
@example("repository(" * 9)
def test_any_text_is_read_or_refused(text: str) -> None:
    """What is read is written again as it was, but for actions that were there twice."""
    for each in (text, f"repository:{text}", f"repository:a:{text}", f"repository:{text}:pull"):
        try:
            scope = Scope.parse(each)
        except BadRequest:
            continue
        assert Scope.parse(str(scope)) == scope
        assert scope.kind != "repository" or is_name(scope.name)


def test_only_so_many_scopes_are_granted_at_once() -> None:
    """A request cannot make a token that no header holds."""
    with pytest.raises(BadRequest, match="at most"):
        parse_scopes([f"repository:a{number}:pull" for number in range(MOST + 1)])


def test_what_a_route_needs_is_asked_for_as_clients_expect() -> None:
    """A push pulls as well; the catalog has a scope of its own; administration has none."""
    assert str(needed(Action.PULL, "a/b")) == "repository:a/b:pull"
    assert str(needed(Action.PUSH, "a")) == "repository:a:pull,push"
    assert str(needed(Action.DELETE, "a")) == "repository:a:delete"
    assert str(needed(Action.CATALOG, "")) == "registry:catalog:*"
    assert needed(Action.ADMIN, "a") is needed(Action.NOTHING, "a") is None
