"""Who may do what: the one place where that is decided, for the API of the specification and for our own alike.

What is not granted is refused. A grant is some actions on the repositories that a pattern matches; who asks is a
Caller, made at the edge from what a request shows, with the grants that count for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from jettison.oci.errors import Denied, Unauthorized
from jettison.selection.pattern import Pattern


class Action(Enum):
    """One of the things that a request may need. Every route names the one it needs."""

    PULL = "pull"
    PUSH = "push"
    DELETE = "delete"
    ADMIN = "admin"
    CATALOG = "catalog"
    NOTHING = "nothing"


GRANTED = (Action.PULL, Action.PUSH, Action.DELETE, Action.ADMIN)
"""What can be granted on repositories. Whoever may ``admin`` those of a pattern may do all else with them too."""


class Kind(Enum):
    """What sort of caller it is."""

    EVERYONE = "everyone"
    """Authentication is off: anybody may do anything."""
    ANONYMOUS = "anonymous"
    USER = "user"
    ROBOT = "robot"
    OUTSIDE = "outside"
    """Whoever another service vouches for: a token server, a password file."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Actions on the repositories whose name matches; without a pattern on all there are and on the registry itself."""

    actions: frozenset[Action]
    pattern: Pattern | None = None

    def covers(self, name: str) -> bool:
        """Whether it is about the repository ``name``."""
        return self.pattern is None or self.pattern.matches(name)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, with what counts for this request. ``name`` is empty for who did not say.

    ``lists`` are the grants by which lists are made, where those of the request itself are narrower: a bearer token
    for the catalog names no repository.
    """

    kind: Kind
    name: str = ""
    grants: tuple[Grant, ...] = ()
    lists: tuple[Grant, ...] | None = None

    @property
    def identity(self) -> str:
        """Who it is, in a word that no other caller has; empty for those who did not say."""
        if not self.name or self.kind in (Kind.EVERYONE, Kind.ANONYMOUS):
            return ""
        return f"{self.kind.value}:{self.name}"

    def may(self, action: Action, name: str | None = None) -> bool:
        """Whether it may do that with the repository ``name``; without one, with the registry as a whole."""
        if action is Action.NOTHING or self.kind is Kind.EVERYONE:
            return True
        return any(_allows(grant, action, name) for grant in self.grants)

    def may_ask(self, action: Action, name: str | None = None) -> bool:
        """Whether a request that needs the action may go on to the rules.

        One that is about repositories and names none in its path may if its caller may that with any: the rules ask
        for each that it turns out to be about.
        """
        if name is not None or action in (Action.ADMIN, Action.NOTHING) or self.kind is Kind.EVERYONE:
            return self.may(action, name)
        return any(not grant.actions.isdisjoint((action, Action.ADMIN)) for grant in self.grants)

    def may_list(self, name: str) -> bool:
        """Whether a list may show it the repository ``name``: what one may pull, and no more."""
        if self.kind is Kind.EVERYONE:
            return True
        grants = self.grants if self.lists is None else self.lists
        return any(_allows(grant, Action.PULL, name) for grant in grants)

    @property
    def lists_all(self) -> bool:
        """Whether lists show it every repository."""
        grants = self.grants if self.lists is None else self.lists
        return self.kind is Kind.EVERYONE or any(
            grant.pattern is None and not grant.actions.isdisjoint((Action.PULL, Action.ADMIN)) for grant in grants
        )

    def require(self, action: Action, name: str | None = None) -> None:
        """Raise unless it may do that with the repository ``name``; without one, with the registry as a whole.

        Unauthorized where nobody has said who asks, else Denied. What is told is the same whether what is asked for
        is there or not.
        """
        if self.may(action, name):
            return
        if self.kind is Kind.ANONYMOUS:
            what = action.value if name is None else f"{action.value} on {name}"
            raise Unauthorized(f"{what} is not open to everyone: sign in, with `docker login` or a token")
        raise Denied(
            f"{self.name or 'this token'} may not {_doing(action)}{f' {name}' if name is not None else ''}: "
            "ask an administrator of this registry for a grant",
            {"action": action.value, "repository": name},
        )

    def require_each(self, action: Action, names: Iterable[str]) -> None:
        """Raise as :meth:`require` does unless it may do that with each repository, in the order of their names."""
        if self.kind is not Kind.EVERYONE:
            for name in sorted(names):
                self.require(action, name)


EVERYONE = Caller(Kind.EVERYONE)
"""Anybody, where authentication is off; and commands beside the server, whose right is the machine's to give."""

ANONYMOUS = Caller(Kind.ANONYMOUS)
"""Who has not said who they are, and has been granted nothing."""


def grant(actions: Iterable[Action], pattern: str | None = None) -> Grant:
    """A grant by the pattern as written, such as `team/**`; `**` is everything. Raises PatternInvalid."""
    return Grant(frozenset(actions), Pattern.parse(pattern) if pattern not in (None, "**") else None)


def _allows(grant: Grant, action: Action, name: str | None) -> bool:
    if action not in grant.actions and Action.ADMIN not in grant.actions:
        # A list shows what one may pull: who may pull anything may ask for it.
        return action is Action.CATALOG and Action.PULL in grant.actions
    if action is Action.CATALOG:
        return True
    return grant.pattern is None if name is None else grant.covers(name)


def _doing(action: Action) -> str:
    return {Action.ADMIN: "administer", Action.CATALOG: "list"}.get(action, action.value)
