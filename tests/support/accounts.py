"""Accounts as tests of the rules need them: made by whoever has the machine, with passwords that are cheap to check."""

from __future__ import annotations

import pytest

from jettison.registry import grants, groups, passwords, robots, users
from jettison.registry.access import EVERYONE, Caller
from jettison.registry.accounts import sign_in
from jettison.registry.origin import NOBODY
from jettison.registry.registry import Registry
from jettison.registry.scope import Scope

PASSWORD = "correct horse battery staple"


@pytest.fixture
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take a millisecond, of registries that are opened from now on."""
    monkeypatch.setattr(passwords, "ROUNDS", 1)
    monkeypatch.setattr(passwords, "MEMORY", 64)


def add_user(registry: Registry, name: str, *scopes: str, admin: bool = False, password: str = PASSWORD) -> Caller:
    """A user to whom these scopes are granted, signed in."""
    users.add(registry, EVERYONE, NOBODY, name, password, admin=admin)
    for scope in scopes:
        give(registry, name, scope)
    return sign_in(registry, name, password)


def add_robot(registry: Registry, name: str, *scopes: str, days: int | None = 30) -> str:
    """A robot with these scopes; its token."""
    _, token = robots.create(registry, EVERYONE, NOBODY, name, [Scope.parse(scope) for scope in scopes], days)
    return token


def add_group(registry: Registry, name: str, *members: str) -> None:
    """A group of these users."""
    groups.add(registry, EVERYONE, NOBODY, name)
    for member in members:
        groups.join(registry, EVERYONE, NOBODY, name, member)


def give(registry: Registry, to: str, scope: str) -> None:
    """Grant a scope."""
    grants.give(registry, EVERYONE, NOBODY, to, Scope.parse(scope))


def take(registry: Registry, to: str, scope: str) -> None:
    """Take the actions of a scope away, or all by a pattern."""
    pattern, _, actions = scope.partition(":")
    wanted = Scope.of(pattern, actions.split(",")).actions if actions else None
    grants.take(registry, EVERYONE, NOBODY, to, pattern, wanted)
