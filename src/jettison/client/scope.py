"""Scopes: what a token allows, as in `repository:library/debian:pull,push` (CNCF distribution, "Token Scope")."""

from __future__ import annotations

from collections.abc import Iterable

Scopes = tuple[str, ...]


def merged(*several: Iterable[str]) -> Scopes:
    """All scopes, one for each resource, with all the actions that any of them has for it, in order of appearance."""
    actions: dict[str, dict[str, None]] = {}
    for scope in (scope for scopes in several for scope in scopes):
        resource, _, listed = scope.rpartition(":")
        actions.setdefault(resource, {}).update(dict.fromkeys(listed.split(",")))
    return tuple(f"{resource}:{','.join(names)}" for resource, names in actions.items())


def starred(scopes: Scopes) -> Scopes:
    """The same resources with every action: what some token servers know in place of `delete`."""
    return tuple(f"{scope.rpartition(':')[0]}:*" for scope in scopes)


def rungs(asked: Scopes, challenged: Scopes) -> list[Scopes]:
    """What to ask a token server for, one after the other until one is granted and does.

    What is needed together with what the challenge says; the challenge's words alone; and where something is to be
    deleted, every action.
    """
    ladder = [merged(challenged, asked), challenged]
    if any("delete" in scope.rpartition(":")[2].split(",") for scope in asked):
        ladder.append(starred(merged(challenged, asked)))
    return list(dict.fromkeys(ladder))


def repository_of(scopes: Scopes) -> str | None:
    """The repository that the first scope is about; None where it is about none."""
    for scope in scopes:
        kind, _, rest = scope.partition(":")
        if kind == "repository":
            return rest.rpartition(":")[0]
    return None
