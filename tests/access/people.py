"""Who asks: accounts of every sort in a registry, what each may do, and by what it shows who it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from jettison.metadata.database import Transaction
from jettison.registry import grants, groups, robots, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from jettison.registry.scope import Scope
from tests.access.site import Site, basic, bearer

PASSWORD: Final = "a long enough sentence"

USERS: Final[Mapping[str, str]] = {
    "puller": "team/**:pull",
    "boss": "team/**:admin",
    "admin": "**:admin",
    "stranger": "",
    "dot": "team/app:pull,push,delete",
    "suspended": "**:admin",
}
"""Users by name, with what is granted to them."""

ROBOTS: Final[Mapping[str, str]] = {
    "ci": "team/**:pull,push",
    "pusher": "team/**:push",
    "cleaner": "team/**:delete",
    "elsewhere": "other/**:admin",
    "expired": "**:admin",
    "revoked": "**:admin",
}

MEMBER: Final = "member"
"""A user with no grants but those of its group, DEVELOPERS."""

DEVELOPERS: Final = "developers"
OPEN: Final = "open"
"""What lies below it anybody may pull."""


@dataclass(frozen=True, slots=True)
class People:
    """All of them. ``secrets`` are their passwords and tokens by name."""

    secrets: Mapping[str, str]

    def basic(self, name: str) -> str:
        """The header by which it signs in."""
        return basic(name, self.secrets[name])

    def token(self, name: str) -> str:
        """The header with a robot's token as it is."""
        return bearer(self.secrets[name])


def settle(site: Site) -> People:
    """Make all accounts, as an administrator beside the server would."""
    registry = site.registry
    secrets = {}
    for name, scope in {**USERS, MEMBER: ""}.items():
        users.add(registry, EVERYONE, NOBODY, name, PASSWORD)
        secrets[name] = PASSWORD
        if scope:
            grants.give(registry, EVERYONE, NOBODY, name, Scope.parse(scope))
    for name, scope in ROBOTS.items():
        _, secrets[name] = robots.create(registry, EVERYONE, NOBODY, name, [Scope.parse(scope)], days=1)
    groups.add(registry, EVERYONE, NOBODY, DEVELOPERS)
    groups.join(registry, EVERYONE, NOBODY, DEVELOPERS, MEMBER)
    grants.give(registry, EVERYONE, NOBODY, f"group:{DEVELOPERS}", Scope.parse("team/**:pull,delete"))
    grants.give(registry, EVERYONE, NOBODY, "anonymous", Scope.parse(f"{OPEN}/**:pull"))
    users.set_disabled(registry, EVERYONE, NOBODY, "suspended", disabled=True)
    robots.revoke(registry, EVERYONE, NOBODY, "revoked")
    expire(site, "expired")
    return People(secrets)


def expire(site: Site, robot: str) -> None:
    """Let the time of a robot be over."""

    def work(tx: Transaction) -> int:
        return tx.run("update account set expires_at = :then where name = :name", then=tx.now - 1, name=robot)

    assert site.registry.database.write(work) == 1


def get_token(site: Site, authorization: str | None, *scopes: str, **more: str) -> dict[str, Any]:
    """What the token service answers by GET."""
    query = urlencode([*(("scope", scope) for scope in scopes), *more.items()])
    headers = [("Authorization", authorization)] if authorization is not None else []
    answer = site.ask("GET", f"/token?{query}", *headers)
    assert answer.status == 200, answer
    body: dict[str, Any] = json.loads(answer.body)
    return body
