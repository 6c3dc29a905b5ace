from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.errors import GrantInvalid, PatternInvalid
from jettison.registry.access import GRANTED, Action, Caller, Kind
from jettison.registry.scope import ADMINISTRATION, Scope, kept_scope

PATTERNS = st.sampled_from(["**", "team/**", "team/app", "*", "**/app", "t?am/*"])
ACTIONS = st.sets(st.sampled_from(GRANTED), min_size=1)


@given(PATTERNS, ACTIONS)
def test_what_is_written_is_read_again(pattern: str, actions: set[Action]) -> None:
    """As text, and as a row has it."""
    scope = Scope(pattern, frozenset(actions))
    assert Scope.parse(str(scope)) == scope
    assert kept_scope(pattern, ",".join(scope.words)) == scope


def test_the_order_of_actions_is_no_matter() -> None:
    """Nor spaces around them, nor one that is there twice."""
    assert str(Scope.parse("team/**:delete, pull,pull")) == "team/**:pull,delete"


@pytest.mark.parametrize(
    "text", ["", "team/**", "team/**:", "a:,", "a:pull,", "a:Pull", "a:*", "a:pull:push", "a:catalog"]
)
def test_what_cannot_be_read_is_refused_with_what_can(text: str) -> None:
    """A word that is not known never grants anything."""
    with pytest.raises((GrantInvalid, PatternInvalid)) as caught:
        Scope.parse(text)
    assert "pull, push, delete, admin" in caught.value.message or "PATTERN:ACTIONS" in caught.value.message


@pytest.mark.parametrize("text", ["a//b:pull", "a b:pull", "**a:pull", ":pull", "ä:pull"])
def test_a_pattern_that_cannot_be_read_is_refused(text: str) -> None:
    """As everywhere else."""
    with pytest.raises(PatternInvalid):
        Scope.parse(text)


def test_only_the_widest_pattern_is_about_the_registry_itself() -> None:
    """`*` and `**/*` match every name there may be, and no registry."""

    def may(scope: Scope) -> bool:
        return Caller(Kind.USER, "ana", (scope.grant,)).may(Action.ADMIN)

    assert may(ADMINISTRATION)
    assert not may(Scope.parse("*:admin"))
    assert not may(Scope.parse("**/*:admin"))
