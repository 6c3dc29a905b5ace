"""What a token says: whose it is, and what it is for (`access`, as Docker's token specification has it)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jettison.http.door.scope import ACTIONS, ALL, CATALOG, REGISTRY, REPOSITORY, Scope
from jettison.oci.errors import NameInvalid
from jettison.oci.reference import RepositoryName
from jettison.registry.access import Action, Caller, Grant, grant

MOST: Final = 1000
"""Things that a token may be for."""

CATALOG_GRANT: Final = Grant(frozenset({Action.CATALOG}))


def granted(caller: Caller, wanted: Sequence[Scope]) -> list[dict[str, Any]]:
    """Of what is wanted, what ``caller`` may, as the claim `access`. What it may not do at all is left out.

    Nothing is in it that was not asked for: `delete` only where it was, by its word or by `*`.
    """
    access = []
    for scope in wanted:
        actions = _granted(caller, scope)
        if actions:
            of = {"class": scope.of} if scope.of else {}
            access.append({"type": scope.kind, **of, "name": scope.name, "actions": actions})
    return access


def _granted(caller: Caller, scope: Scope) -> list[str]:
    if scope.is_catalog:
        return [ALL] if ALL in scope.actions and caller.may(Action.CATALOG) else []
    if scope.kind != REPOSITORY:
        return []
    asked = ACTIONS if ALL in scope.actions else scope.actions
    return [word for word, action in ACTIONS.items() if word in asked and caller.may(action, scope.name)]


def grants_of(access: object) -> tuple[Grant, ...]:
    """The grants that the claim `access` makes; what is not of its form, or of other kinds of things, makes none."""
    if not isinstance(access, list):
        return ()
    return tuple(made for each in access[:MOST] if (made := _grant(each)) is not None)


def _grant(entry: object) -> Grant | None:
    if not isinstance(entry, Mapping):
        return None
    kind, name, words = entry.get("type"), entry.get("name"), entry.get("actions")
    if not isinstance(name, str) or not isinstance(words, list):
        return None
    if (kind, name) == (REGISTRY, CATALOG):
        return CATALOG_GRANT if ALL in words else None
    actions = [action for word, action in ACTIONS.items() if word in words or ALL in words]
    if kind != REPOSITORY or not actions:
        return None
    try:
        # A name and no pattern: a repository's name has no wildcard.
        return grant(actions, str(RepositoryName.parse(name)))
    except NameInvalid:
        return None
