"""The authorisation matrix, one side: every route, what it needs, and a request that is answered if it is allowed.

What a route needs is written down here by hand and compared with nothing: a table that is changed by mistake must not
change what is expected of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from jettison.oci.media_types import OCI_INDEX
from tests.access.people import PASSWORD
from tests.access.scene import Scene
from tests.http.repository import digest_of, index, written

PIECE: Final = b"a piece"
JSON: Final = ("Content-Type", "application/json")


class Needs(Enum):
    """What the sender of a request must be allowed."""

    OPEN = "nothing, and nobody is asked who they are"
    NOTHING = "nothing"
    ENTRY = "to have signed in"
    CATALOG = "to pull anything"
    PULL = "to pull from the repository"
    PUSH = "to push to the repository"
    DELETE = "to delete in the repository"
    DELETE_ANYWHERE = "to delete anything"
    DELETE_OF_ENTRY = "to delete what the deletion took"
    ADMIN = "to administer the registry"
    OWN_PASSWORD = "to be a user who knows the current password"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request."""

    target: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Make = Callable[[Scene], Ask]


@dataclass(frozen=True, slots=True)
class Row:
    """A route, with the status of what ``ask`` makes where it is allowed."""

    method: str
    path: str
    needs: Needs
    ask: Make
    status: int

    @property
    def about_repository(self) -> bool:
        """Whether its path names one."""
        return "{repository:path}" in self.path or ("{name}" in self.path and not self.path.startswith("/api/"))

    @property
    def writes(self) -> bool:
        """Whether it may change something where it is allowed."""
        return self.method != "GET"

    @property
    def heads(self) -> tuple[Row, ...]:
        """Itself, and where it reads the same by HEAD."""
        return (self, replace(self, method="HEAD")) if self.method == "GET" else (self,)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def plain(path: str, query: str = "", body: bytes = b"", **headers: str) -> Make:
    """A request of the path, its parts those of the scene."""

    def ask(scene: Scene) -> Ask:
        parts: Mapping[str, Any] = {
            "name": scene.name,
            "repository:path": scene.name,
            "reference": "v1",
            "digest": scene.digest,
            "id": scene.upload,
        }
        target = path
        for part, value in parts.items():
            target = target.replace(f"{{{part}}}", str(value))
        sent = tuple((key.replace("_", "-"), value) for key, value in headers.items())
        return Ask(target + query, body, sent)

    return ask


def managed(path: str, **body: Any) -> Make:
    """A request of the API with a JSON body, in which and in the path $user and the like are the scene's."""

    def ask(scene: Scene) -> Ask:
        known = {"$user": scene.user, "$robot": scene.robot, "$group": scene.group, "$free": scene.free}
        known |= {"$name": scene.name, "$id": str(scene.deletion), "$digest": scene.layer}
        target, content = path, json.dumps(body)
        for word, value in known.items():
            target, content = target.replace(word, quote(value)), content.replace(word, value)
        return Ask(target, content.encode(), (JSON,))

    return ask


def _v2(method: str, path: str, needs: Needs, status: int, query: str = "", body: bytes = b"", **headers: str) -> Row:
    return Row(method, path, needs, plain(path, query, body, **headers), status)


def _api(method: str, path: str, needs: Needs, status: int, target: str | None = None, **body: Any) -> Row:
    return Row(method, f"/api/v1{path}", needs, managed(f"/api/v1{target or path}", **body), status)


_UPLOAD = "/v2/{name}/blobs/uploads/{id}"
_GRANT: dict[str, Any] = {"pattern": "granted/**", "actions": ["pull"]}

V2: Final = (
    _v2("GET", "/", Needs.OPEN, 200),
    _v2("GET", "/healthz", Needs.OPEN, 200),
    _v2("GET", "/token/keys", Needs.OPEN, 200),
    _v2("GET", "/v2/", Needs.ENTRY, 200),
    _v2("GET", "/v2/_catalog", Needs.CATALOG, 200),
    _v2("POST", "/v2/{name}/blobs/uploads/", Needs.PUSH, 202),
    _v2("GET", _UPLOAD, Needs.PUSH, 204),
    _v2("PATCH", _UPLOAD, Needs.PUSH, 202, body=PIECE),
    _v2("PUT", _UPLOAD, Needs.PUSH, 201, f"?digest={digest_of(PIECE)}", PIECE),
    _v2("DELETE", _UPLOAD, Needs.PUSH, 204),
    _v2("GET", "/v2/{name}/manifests/{reference}", Needs.PULL, 200),
    _v2("PUT", "/v2/{name}/manifests/{reference}", Needs.PUSH, 201, body=written(index()), content_type=OCI_INDEX),
    _v2("DELETE", "/v2/{name}/manifests/{reference}", Needs.DELETE, 202),
    Row(
        "GET",
        "/v2/{name}/blobs/{digest}",
        Needs.PULL,
        lambda scene: Ask(f"/v2/{scene.name}/blobs/{scene.layer}"),
        200,
    ),
    Row(
        "DELETE",
        "/v2/{name}/blobs/{digest}",
        Needs.DELETE,
        lambda scene: Ask(f"/v2/{scene.name}/blobs/{scene.loose}"),
        202,
    ),
    _v2("GET", "/v2/{name}/tags/list", Needs.PULL, 200),
    _v2("GET", "/v2/{name}/referrers/{digest}", Needs.PULL, 200),
    _v2("DELETE", "/v1/repositories/{name}/", Needs.DELETE, 202),
    _v2("DELETE", "/v1/repositories/{name}", Needs.DELETE, 202),
    _v2("DELETE", "/v2/{name}", Needs.DELETE, 202),
)

TOKEN_SERVICE: Final = {("GET", "/token"), ("POST", "/token")}
"""What takes names and passwords in ways of its own: tests/access/test_token_service.py asks it."""

MANAGE: Final = (
    _api("GET", "/repositories", Needs.CATALOG, 200),
    *(
        Row("GET", f"/api/v1/{part}/{{repository:path}}", Needs.PULL, plain(f"/api/v1/{part}/{{name}}", query), 200)
        for part, query in (("repositories", ""), ("versions", ""), ("version", "?reference=v1"))
    ),
    _api("GET", "/disk", Needs.ADMIN, 200),
    _api("GET", "/deletions", Needs.DELETE_ANYWHERE, 200),
    _api("POST", "/deletions", Needs.DELETE, 201, targets=[{"repository": "$name", "tag": "v1"}]),
    _api("GET", "/deletions/{id}", Needs.DELETE_OF_ENTRY, 200, "/deletions/$id"),
    _api("POST", "/deletions/{id}/restore", Needs.DELETE_OF_ENTRY, 200, "/deletions/$id/restore"),
    _api("POST", "/deletions/{id}/purge", Needs.DELETE_OF_ENTRY, 200, "/deletions/$id/purge"),
    _api("GET", "/sweep", Needs.ADMIN, 200),
    _api("POST", "/sweep", Needs.ADMIN, 200),
    _api("GET", "/usage", Needs.ADMIN, 200),
    Row("GET", "/api/v1/usage/{repository:path}", Needs.PULL, lambda scene: Ask(f"/api/v1/usage/{scene.name}"), 200),
    _api("GET", "/audit", Needs.ADMIN, 200),
    _api("GET", "/why/{digest}", Needs.ADMIN, 200, "/why/$digest"),
    _api("GET", "/me", Needs.NOTHING, 200),
    _api("POST", "/me/password", Needs.OWN_PASSWORD, 200, current="wrong on purpose", password=f"{PASSWORD}, new"),
    _api("GET", "/users", Needs.ADMIN, 200),
    _api("POST", "/users", Needs.ADMIN, 201, name="$free", password=PASSWORD, admin=True),
    _api("GET", "/users/{name}", Needs.ADMIN, 200, "/users/$user"),
    _api("POST", "/users/{name}/password", Needs.ADMIN, 200, "/users/$user/password", password=f"{PASSWORD}!"),
    _api("POST", "/users/{name}/disable", Needs.ADMIN, 200, "/users/$user/disable"),
    _api("POST", "/users/{name}/enable", Needs.ADMIN, 200, "/users/$user/enable"),
    _api("POST", "/users/{name}/remove", Needs.ADMIN, 200, "/users/$user/remove"),
    _api("GET", "/robots", Needs.ADMIN, 200),
    _api("POST", "/robots", Needs.ADMIN, 201, name="$free", scopes=[_GRANT]),
    _api("GET", "/robots/{name}", Needs.ADMIN, 200, "/robots/$robot"),
    _api("POST", "/robots/{name}/revoke", Needs.ADMIN, 200, "/robots/$robot/revoke"),
    _api("GET", "/groups", Needs.ADMIN, 200),
    _api("POST", "/groups", Needs.ADMIN, 201, name="$free"),
    _api("POST", "/groups/{name}/join", Needs.ADMIN, 200, "/groups/$group/join", user="$user"),
    _api("POST", "/groups/{name}/leave", Needs.ADMIN, 200, "/groups/$group/leave", user="$user"),
    _api("POST", "/groups/{name}/remove", Needs.ADMIN, 200, "/groups/$group/remove"),
    _api("GET", "/grants", Needs.ADMIN, 200),
    _api("POST", "/grants", Needs.ADMIN, 201, to="$user", **_GRANT),
    _api("POST", "/grants/revoke", Needs.ADMIN, 404, to="$user", **_GRANT),
    # The code that the server prints is what it takes: it is told to nobody here, and so refuses everybody alike.
    Row(
        "POST",
        "/api/v1/setup",
        Needs.NOTHING,
        managed("/api/v1/setup", code="abcde-abcde-abcde-abcde-abcde", name="$free", password=PASSWORD),
        403,
    ),
)

DESCRIPTION: Final = Row("GET", "/api/openapi.json", Needs.NOTHING, plain("/api/openapi.json"), 200)
ROWS: Final = (*V2, *MANAGE, DESCRIPTION)
