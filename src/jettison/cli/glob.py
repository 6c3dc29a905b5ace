"""Repositories of one registry, named or by a pattern: `HOST`, `HOST/REPO`, `HOST/team/**`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jettison.cli.connection import Connection, address

if TYPE_CHECKING:
    from jettison.client.address import Address
    from jettison.client.repository import Repository


@dataclass(frozen=True, slots=True)
class Matching:
    """The repositories; `exact` is the address of the one that was named, None where it was a pattern or a registry."""

    repositories: tuple[Repository, ...]
    exact: Address | None = None


def is_pattern(text: str) -> bool:
    """Whether it has a wildcard."""
    return "*" in text or "?" in text


def matching(connection: Connection, text: str) -> Matching:
    """The repositories that `text` names. Raises Invalid, PatternInvalid, and what listing them raises."""
    from jettison.cli.ls import repositories
    from jettison.client.address import Host
    from jettison.client.errors import Invalid
    from jettison.selection.pattern import Pattern

    if is_pattern(text):
        host, slash, rest = text.partition("/")
        if not slash or is_pattern(host):
            raise Invalid(f"{text}: write HOST/PATTERN; `HOST/**` is all repositories of a registry")
        registry = connection.registry(Host.parse(host))
        matches = Pattern.parse(rest).matches
        names = [name for name in repositories(connection, registry) if matches(str(name))]
        return Matching(tuple(registry.repository(name) for name in names))
    where = address(text if "/" in text or "." in text or ":" in text else f"{text}/", "HOST or HOST/REPO")
    registry = connection.registry(where.host)
    if where.repository is not None:
        return Matching((registry.repository(where.repository),), where)
    return Matching(tuple(registry.repository(name) for name in repositories(connection, registry)))
