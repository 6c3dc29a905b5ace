"""The routes of /v2 in one table: method, path, handler, and what its sender must be allowed to do."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jettison.http.door import token
from jettison.http.request import Request
from jettison.http.response import Response
from jettison.http.stream import Stream
from jettison.http.v2 import base, blobs, manifests, referrers, repositories, tags, uploads
from jettison.registry.access import Action

Handler = Callable[[Request], Awaitable[Response | Stream]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    handler: Handler
    needs: Action


# The order decides where paths overlap: what the specification names wins over a repository of that name.
ROUTES = (
    Route("GET", "/", base.welcome, Action.NOTHING),
    Route("GET", "/healthz", base.health, Action.NOTHING),
    Route("GET", "/token", token.get, Action.NOTHING),
    Route("POST", "/token", token.post, Action.NOTHING),
    Route("GET", "/token/keys", token.get_keys, Action.NOTHING),
    Route("GET", "/v2/", base.get, Action.NOTHING),
    Route("GET", "/v2/_catalog", repositories.get_catalog, Action.CATALOG),
    Route("POST", "/v2/{name}/blobs/uploads/", uploads.post, Action.PUSH),
    Route("GET", "/v2/{name}/blobs/uploads/{id}", uploads.get, Action.PUSH),
    Route("PATCH", "/v2/{name}/blobs/uploads/{id}", uploads.patch, Action.PUSH),
    Route("PUT", "/v2/{name}/blobs/uploads/{id}", uploads.put, Action.PUSH),
    Route("DELETE", "/v2/{name}/blobs/uploads/{id}", uploads.remove, Action.PUSH),
    Route("GET", "/v2/{name}/manifests/{reference}", manifests.get, Action.PULL),
    Route("PUT", "/v2/{name}/manifests/{reference}", manifests.put, Action.PUSH),
    Route("DELETE", "/v2/{name}/manifests/{reference}", manifests.remove, Action.DELETE),
    Route("GET", "/v2/{name}/blobs/{digest}", blobs.get, Action.PULL),
    Route("DELETE", "/v2/{name}/blobs/{digest}", blobs.remove, Action.DELETE),
    Route("GET", "/v2/{name}/tags/list", tags.get, Action.PULL),
    Route("GET", "/v2/{name}/referrers/{digest}", referrers.get, Action.PULL),
    Route("DELETE", "/v1/repositories/{name}/", repositories.remove, Action.DELETE),
    Route("DELETE", "/v1/repositories/{name}", repositories.remove, Action.DELETE),
    Route("DELETE", "/v2/{name}", repositories.remove, Action.DELETE),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A path of the table: its methods (``allowed`` has OPTIONS too), and the variable parts of the path asked for."""

    path: str
    methods: dict[str, Route]
    allowed: tuple[str, ...]
    parts: dict[str, str]


class Router:
    """Finds the path of a table by one compiled pattern. A name may hold slashes, any other part none."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._paths: dict[str, dict[str, Route]] = {}
        for route in routes:
            methods = self._paths.setdefault(route.path, {})
            methods[route.method] = route
            if route.method == "GET":
                methods["HEAD"] = route
        self._names = [re.findall(r"{(\w+)}", path) for path in self._paths]
        self._match = re.compile("|".join(f"({_pattern(path)})" for path in self._paths), re.DOTALL).fullmatch
        self._templates = list(self._paths)
        self._allowed = [tuple(sorted({*methods, "OPTIONS"})) for methods in self._paths.values()]
        self._at = {}
        index = 1
        for number, names in enumerate(self._names):
            self._at[index] = number
            index += 1 + len(names)

    def find(self, path: str) -> Found | None:
        """The first path of the table that matches, whatever the method."""
        match = self._match(path)
        if match is None or match.lastindex is None:
            return None
        number = self._at[match.lastindex]
        template, names = self._templates[number], self._names[number]
        values = match.groups()[match.lastindex : match.lastindex + len(names)]
        return Found(template, self._paths[template], self._allowed[number], dict(zip(names, values, strict=True)))


def _pattern(path: str) -> str:
    """A path's pattern. `/v2` and `.../uploads` without their slash are as good: clients send both."""
    pattern = re.escape(path).replace(r"\{name\}", "(.*[^/])")
    pattern = re.sub(r"\\{\w+\\}", "([^/]+)", pattern)
    return pattern + "?" if path.endswith(("/uploads/", "/v2/")) else pattern
