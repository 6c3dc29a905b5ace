from __future__ import annotations

from collections.abc import Callable

import pytest

from jettison.metadata import audit
from jettison.oci.errors import AccountUnknown, Denied, GrantInvalid, GrantUnknown, PatternInvalid, Unauthorized
from jettison.registry import grants
from jettison.registry.access import ANONYMOUS, EVERYONE, Action
from jettison.registry.accounts import anonymous, by_token
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.scope import Scope
from tests.support.accounts import add_group, add_robot, add_user, cheap_passwords, give, take

__all__ = ["cheap_passwords"]
pytestmark = pytest.mark.usefixtures("cheap_passwords")


def granted(registry: Registry, to: str | None = None) -> list[str]:
    """All that is granted, in short."""
    return [f"{each.to} {each.scope}" for each in grants.everyone(registry, EVERYONE, to)]


def test_grants_are_listed_with_whom_they_are_to(registry: Registry) -> None:
    """Everybody's first, then groups', then accounts'; of one of them where it is asked for."""
    add_user(registry, "bo", "b:pull", "a:pull")
    add_user(registry, "ana", "team/**:delete,push")
    add_robot(registry, "ci", "ci:push")
    add_group(registry, "ana")
    give(registry, "group:ana", "**:pull")
    give(registry, "anonymous", "public/*:pull")
    assert granted(registry) == [
        "anonymous public/*:pull",
        "group:ana **:pull",
        "ana team/**:push,delete",
        "bo a:pull",
        "bo b:pull",
        "ci ci:push",
    ]
    assert granted(registry, "ana") == ["ana team/**:push,delete"]
    assert granted(registry, "group:ana") == ["group:ana **:pull"]
    assert granted(registry, "anonymous") == ["anonymous public/*:pull"]
    assert grants.everyone(registry, EVERYONE, "ana")[0].to_json() == {
        "to": "ana",
        "pattern": "team/**",
        "actions": ["push", "delete"],
        "created_at": "2023-11-14T22:13:20Z",
    }


def test_what_is_granted_by_one_pattern_is_one_grant(registry: Registry) -> None:
    """It grows with what is given, twice or not, and shrinks with what is taken, until nothing is left."""
    add_user(registry, "ana")
    for scope in ("a:pull", "a:delete,push", "a:pull"):
        give(registry, "ana", scope)
    assert granted(registry) == ["ana a:pull,push,delete"]
    left = grants.take(registry, EVERYONE, NOBODY, "ana", "a", frozenset({Action.PUSH, Action.ADMIN}))
    assert left is not None
    assert str(left.scope) == "a:pull,delete"
    assert granted(registry) == ["ana a:pull,delete"]
    assert grants.take(registry, EVERYONE, NOBODY, "ana", "a") is None
    assert granted(registry) == []


def test_taking_takes_from_nobody_else_and_by_no_other_pattern(registry: Registry) -> None:
    """Though the other matches the same repositories: each is taken as it was given."""
    for name in ("ana", "bo"):
        add_user(registry, name, "team/**:pull", "team/app:pull")
    give(registry, "anonymous", "team/**:pull")
    take(registry, "ana", "team/**")
    assert granted(registry) == [
        "anonymous team/**:pull",
        "ana team/app:pull",
        "bo team/**:pull",
        "bo team/app:pull",
    ]


@pytest.mark.parametrize(
    ("to", "pattern", "actions", "message"),
    [
        ("ana", "b", None, "nothing is granted to ana by the pattern 'b'"),
        ("ana", "a", frozenset({Action.PUSH}), "no push is granted to ana by the pattern 'a'"),
        ("group:dev", "a", None, "nothing is granted to group:dev"),
        ("anonymous", "a", None, "nothing is granted to anonymous"),
    ],
)
def test_what_is_not_granted_cannot_be_taken(
    registry: Registry, to: str, pattern: str, actions: frozenset[Action] | None, message: str
) -> None:
    """A slip of the pen must not look as if something had been taken."""
    add_user(registry, "ana", "a:pull")
    add_group(registry, "dev")
    with pytest.raises(GrantUnknown, match=message):
        grants.take(registry, EVERYONE, NOBODY, to, pattern, actions)
    assert granted(registry) == ["ana a:pull"]


@pytest.mark.parametrize("to", ["nobody", "group:nobody", "group:", "", "everyone", "Anonymous", "a\x00", "robot:ci"])
def test_nothing_is_granted_to_who_is_not_there(registry: Registry, to: str) -> None:
    """Nor listed of them, nor taken."""
    add_robot(registry, "ci")
    for ask in (
        lambda: give(registry, to, "a:pull"),
        lambda: take(registry, to, "a"),
        lambda: granted(registry, to),
    ):
        with pytest.raises(AccountUnknown):
            ask()


def test_everybody_is_never_made_an_administrator(registry: Registry) -> None:
    """Of nothing: that is what no authentication at all is for."""
    for scope in ("**:admin", "public/*:pull,admin"):
        with pytest.raises(GrantInvalid, match="admin is never granted to everybody"):
            give(registry, "anonymous", scope)
    give(registry, "anonymous", "sandbox/**:pull,push,delete")
    assert anonymous(registry).may(Action.DELETE, "sandbox/app")


@pytest.mark.parametrize("pattern", ["", "a//b", "\x00", "\ud800", "a b"], ids=ascii)
def test_a_pattern_that_cannot_be_read_is_refused(registry: Registry, pattern: str) -> None:
    """Before anything is looked for."""
    add_user(registry, "ana")
    with pytest.raises(PatternInvalid):
        grants.take(registry, EVERYONE, NOBODY, "ana", pattern)


@pytest.mark.parametrize(
    "ask",
    [
        lambda registry, caller: grants.give(registry, caller, NOBODY, "ci", Scope.parse("**:admin")),
        lambda registry, caller: grants.take(registry, caller, NOBODY, "ci", "**"),
        grants.everyone,
    ],
    ids=["give", "take", "list"],
)
def test_nobody_grants_but_who_administers_the_registry(registry: Registry, ask: Callable[..., object]) -> None:
    """Not even what they may themselves, nor where they administer the repositories."""
    ci = by_token(registry, add_robot(registry, "ci", "**:pull,push,delete", "team/**:admin"))
    for caller, refusal in ((ci, Denied), (ANONYMOUS, Unauthorized)):
        with pytest.raises(refusal):
            ask(registry, caller)
    assert granted(registry) == ["ci **:pull,push,delete", "ci team/**:admin"]


def test_the_audit_log_tells_what_was_given_and_taken(registry: Registry) -> None:
    """Only what of it was there to take."""
    add_group(registry, "dev")
    give(registry, "group:dev", "a:pull,delete")
    grants.take(registry, EVERYONE, NOBODY, "group:dev", "a", frozenset({Action.DELETE, Action.PUSH}))
    lines = registry.database.read(lambda tx: audit.page(tx, before=2**62, limit=2, only=audit.Filter()))
    assert [(line.action, line.target, line.detail) for line in lines] == [
        ("revoke", "group:dev", '{"scope":"a:delete"}'),
        ("grant", "group:dev", '{"scope":"a:pull,delete"}'),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_grants_are_paged(registry: Registry, limit: int) -> None:
    """In the same order, each once, whatever the length of a page; of one holder where that is asked for."""
    add_user(registry, "bo", "b:pull", "a:pull")
    add_user(registry, "ana", "team/**:delete,push")
    add_group(registry, "ana")
    give(registry, "group:ana", "**:pull")
    give(registry, "anonymous", "public/*:pull")
    give(registry, "anonymous", "more/*:pull")
    for to in (None, "bo", "group:ana", "anonymous"):
        found: list[grants.Granted] = []
        more = True
        while more:
            page = grants.page(registry, EVERYONE, limit, found[-1].place if found else "", to)
            assert 0 < len(page.entries) <= limit
            found, more = found + page.entries, page.more
        assert found == grants.everyone(registry, EVERYONE, to)
    with pytest.raises(AccountUnknown):
        grants.page(registry, EVERYONE, 1, to="nobody")


@pytest.mark.parametrize("after", ["x", " ", "group:", "anonymous", "group:zz **", "zz zz", "é \N{SNOWMAN}"])
def test_any_text_is_some_place_in_the_list(registry: Registry, after: str) -> None:
    """What is there no more, or never was, too."""
    add_user(registry, "bo", "b:pull")
    assert len(grants.page(registry, EVERYONE, 10, after).entries) <= 1
