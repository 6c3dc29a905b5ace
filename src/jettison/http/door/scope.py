"""Scopes as Docker's token specification writes them: `repository:team/app:pull,push registry:catalog:*`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jettison.http.request import BadRequest
from jettison.oci.errors import NameInvalid, quoted
from jettison.oci.reference import LONGEST_NAME, NAME_PATTERN, RepositoryName
from jettison.registry.access import Action

REPOSITORY: Final = "repository"
REGISTRY: Final = "registry"
CATALOG: Final = "catalog"
ALL: Final = "*"

MOST: Final = 100
"""Scopes in one request. Clients name a few: where they push to and what they mount from."""

LONGEST: Final = 1024

_scope = re.compile(r"([a-z]+)(?:\(([a-z0-9]+)\))?:(.+):([a-z*]+(?:,[a-z*]+)*)?", re.DOTALL).fullmatch
_matches_name = re.compile(NAME_PATTERN).fullmatch
_is_word = re.compile(r"[A-Za-z0-9._/-]+").fullmatch

ACTIONS: Final = {"pull": Action.PULL, "push": Action.PUSH, "delete": Action.DELETE}
"""What a token can allow on a repository, by its word."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Something of some kind, by its name, and what is to be done with it. ``of`` is the kind's class, mostly none."""

    kind: str
    name: str
    actions: tuple[str, ...]
    of: str = ""

    @classmethod
    def parse(cls, text: str) -> Scope:
        """The scope that ``text`` writes. Raises BadRequest.

        The name of a repository is one that a repository can have, so without a host before it.
        """
        match = _scope(text) if len(text) <= LONGEST else None
        if match is None:
            raise BadRequest(f"the scope {quoted(text)} cannot be read: write it like repository:team/app:pull,push")
        kind, of, name, actions = match[1], match[2] or "", match[3], match[4] or ""
        if kind == REPOSITORY:
            try:
                RepositoryName.parse(name)
            except NameInvalid as error:
                raise BadRequest(f"the scope {quoted(text)} names no repository: {error.message}") from error
        elif _is_word(name) is None:
            raise BadRequest(f"the scope {quoted(text)} has a name that nothing can have")
        return cls(kind, name, tuple(dict.fromkeys(actions.split(","))) if actions else (), of)

    @property
    def is_catalog(self) -> bool:
        """Whether it is the list of all repositories."""
        return (self.kind, self.name) == (REGISTRY, CATALOG)

    def __str__(self) -> str:
        of = f"({self.of})" if self.of else ""
        return f"{self.kind}{of}:{self.name}:{','.join(self.actions)}"


def parse_scopes(texts: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes of a request: several in one text with spaces between, or several texts. Raises BadRequest."""
    words = [word for text in texts for word in text.split(" ") if word]
    if len(words) > MOST:
        raise BadRequest(f"{len(words)} scopes are asked for: at most {MOST} are granted at once")
    return tuple(dict.fromkeys(map(Scope.parse, words)))


def is_name(text: str) -> bool:
    """Whether a repository can have that name, so that it may stand in a challenge."""
    return len(text) <= LONGEST_NAME and _matches_name(text) is not None


def needed(action: Action, name: str) -> Scope | None:
    """What a token has to be for, for that to be done with the repository ``name``; None if no token helps."""
    actions = {Action.PULL: ("pull",), Action.PUSH: ("pull", "push"), Action.DELETE: ("delete",)}.get(action)
    if action is Action.CATALOG:
        return Scope(REGISTRY, CATALOG, (ALL,))
    return Scope(REPOSITORY, name, actions) if actions is not None else None
