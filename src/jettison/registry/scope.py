"""Scopes: actions on the repositories of a pattern, as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from jettison.oci.errors import GrantInvalid, Json, quoted
from jettison.registry.access import GRANTED, Action, Grant, grant
from jettison.selection.pattern import Pattern

EVERYTHING = "**"

_ACTIONS = {action.value: action for action in GRANTED}
_KNOWN = ", ".join(_ACTIONS)


@dataclass(frozen=True, slots=True)
class Scope:
    """At least one of GRANTED on what ``pattern`` matches; `**` is every repository, and the registry itself."""

    pattern: str
    actions: frozenset[Action]

    @classmethod
    def of(cls, pattern: str, actions: Iterable[str]) -> Scope:
        """The scope of a pattern and words for actions. Raises PatternInvalid, GrantInvalid."""
        Pattern.parse(pattern)
        found = frozenset(_action(word) for word in actions)
        if not found:
            raise GrantInvalid(f"no action is named for {pattern}: name some of {_KNOWN}")
        return cls(pattern, found)

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The scope that is written PATTERN:ACTIONS, as `team/**:pull,push`. Raises PatternInvalid, GrantInvalid."""
        pattern, colon, actions = text.partition(":")
        if not colon:
            raise GrantInvalid(f"{quoted(text)} names no actions: write PATTERN:ACTIONS, such as team/**:pull,push")
        return cls.of(pattern, (word.strip() for word in actions.split(",")))

    @property
    def words(self) -> tuple[str, ...]:
        """The words for its actions, always in the same order."""
        return tuple(action.value for action in GRANTED if action in self.actions)

    @property
    def grant(self) -> Grant:
        """What decides by it."""
        return _grant(self.pattern, self.actions)

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {"pattern": self.pattern, "actions": list(self.words)}

    def __str__(self) -> str:
        return f"{self.pattern}:{','.join(self.words)}"


ADMINISTRATION = Scope(EVERYTHING, frozenset({Action.ADMIN}))
"""What makes an administrator."""


@lru_cache(4096)
def kept_scope(pattern: str, actions: str) -> Scope:
    """The scope of a row, whose actions have commas between."""
    return Scope.of(pattern, actions.split(","))


@lru_cache(4096)
def _grant(pattern: str, actions: frozenset[Action]) -> Grant:
    return grant(actions, pattern)


def _action(word: str) -> Action:
    action = _ACTIONS.get(word)
    if action is None:
        raise GrantInvalid(f"there is no action {quoted(word)}: there are {_KNOWN}, with commas between")
    return action
