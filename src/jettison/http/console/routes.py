"""The routes of the console in one table: method, path, handler, and what its visitor must be allowed to do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jettison.http.console import (
    access,
    activity,
    deleting,
    first_visit,
    password,
    repositories,
    repository,
    signing_in,
    space,
    trash,
    version,
    why,
)
from jettison.http.console.visit import Visit
from jettison.http.response import Response
from jettison.registry.access import Action

Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. GET changes nothing; what ``writes`` is refused where the registry is read only."""

    method: str
    path: str
    handler: Handler
    needs: Action
    writes: bool = False


ROUTES = (
    Route("GET", "/", repositories.get, Action.CATALOG),
    Route("GET", "/console/", repositories.get, Action.CATALOG),
    Route("GET", "/console/repositories/{name}", repository.get, Action.PULL),
    Route("GET", "/console/repositories/{name}@{digest}", version.get, Action.PULL),
    Route("GET", "/console/why/{digest}", why.get, Action.CATALOG),
    Route("GET", "/console/space", space.get, Action.ADMIN),
    Route("POST", "/console/space/sweep", space.post, Action.ADMIN, writes=True),
    Route("GET", "/console/activity", activity.get, Action.ADMIN),
    Route("GET", "/console/access", access.get, Action.ADMIN),
    Route("POST", "/console/access", access.post, Action.ADMIN, writes=True),
    Route("GET", "/console/deleting", deleting.get, Action.DELETE),
    Route("POST", "/console/deleting", deleting.post, Action.DELETE, writes=True),
    Route("GET", "/console/trash", trash.get_all, Action.DELETE),
    Route("GET", "/console/trash/{id}", trash.get, Action.DELETE),
    Route("POST", "/console/trash/{id}/restore", trash.post_restore, Action.DELETE, writes=True),
    Route("POST", "/console/trash/{id}/purge", trash.post_purge, Action.DELETE, writes=True),
    Route("GET", "/console/sign-in", signing_in.get, Action.NOTHING),
    Route("POST", "/console/sign-in", signing_in.post, Action.NOTHING),
    Route("POST", "/console/sign-out", signing_in.post_out, Action.NOTHING),
    Route("GET", "/console/password", password.get, Action.NOTHING),
    Route("POST", "/console/password", password.post, Action.NOTHING, writes=True),
    Route("GET", "/console/setup", first_visit.get, Action.NOTHING),
    Route("POST", "/console/setup", first_visit.post, Action.NOTHING, writes=True),
)

_paths: dict[str, dict[str, Route]] = {}
for _route in ROUTES:
    _paths.setdefault(_route.path, {})[_route.method] = _route


def find(path: str) -> tuple[dict[str, Route], dict[str, str]] | None:
    """The methods of the path, with its variable parts; None for one that is not in the table."""
    for template, methods in _paths.items():
        match = re.fullmatch(_pattern(template), path)
        if match is not None:
            return methods, match.groupdict()
    return None


def _pattern(path: str) -> str:
    """The path's pattern. A name may hold slashes; an `@` stands before a digest only, and an id is a number."""
    pattern = re.escape(path).replace(r"\{name\}", "(?P<name>[^@]*[^@/])").replace(r"\{id\}", "(?P<id>[0-9]{1,18})")
    return pattern.replace(r"\{digest\}", "(?P<digest>[^@/]+)")
