"""Docker Hub: the registry and its API, on one host."""

from __future__ import annotations

import json
import re
from typing import ClassVar

from tests.client.vendors.fake import Answered, Asked, Fake, Handler, Held, error

JWT = "a-json-web-token"


class FakeDockerHub(Fake):
    """Docker Hub.

    - DELETE on /v2: 405 UNSUPPORTED, by tag and digest alike (docker/hub-feedback, issues 1759 and 2360).
    - `POST /v2/auth/token` with identifier and secret: `access_token`, or 401 (Docker Hub API reference,
      "Authentication API"); `GET /v2/namespaces/{namespace}/repositories` has pages with `next` ("Repositories").
    - Deleting a tag: 204; a repository: 202; a token that may not delete: 403 ("Personal access tokens").
    - A version is gone when its last tag is (docker/hub-feedback, issue 1759).
    - A tag can have 429 with Retry-After ("Rate Limiting").
    """

    bearer: ClassVar[bool] = True
    catalog: ClassVar[bool] = False
    service: ClassVar[str] = "registry.docker.io"

    def __init__(self) -> None:
        super().__init__()
        self.may_delete = True

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("POST", r"/v2/auth/token", self._sign_in),
            ("GET", r"/v2/namespaces/([^/]+)/repositories", self._list),
            ("DELETE", r"/v2/repositories/([^/]+/[^/]+)/tags/([^/]+)/", self._delete_tag),
            ("DELETE", r"/v2/repositories/([^/]+/[^/]+)/", self._delete_repository),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        return error(405, "UNSUPPORTED", "The operation is unsupported.")

    def delete_unknown(self, reference: str) -> Answered:
        return error(405, "UNSUPPORTED", "The operation is unsupported.")

    def grants(self, asked: Asked, actions: list[str]) -> list[str]:
        return actions

    def _sign_in(self, asked: Asked, _: re.Match[str]) -> Answered:
        body = json.loads(asked.body)
        if self.users.get(body["identifier"]) != body["secret"]:
            return Answered(401, {"message": "incorrect username or password"})
        return Answered(200, {"access_token": JWT})

    def _list(self, asked: Asked, found: re.Match[str]) -> Answered:
        names = sorted(name.partition("/")[2] for name in self.repositories if name.startswith(f"{found[1]}/"))
        page, size = int(asked.query.get("page", "1")), 2  # small pages, so that there are several
        following = f"{self.url}{asked.path}?page={page + 1}" if len(names) > page * size else None
        results = [{"name": name} for name in names[(page - 1) * size : page * size]]
        return self._refusal(asked) or Answered(200, {"count": len(names), "next": following, "results": results})

    def _delete_tag(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        held = self.repositories.get(found[1], Held())
        digest = held.tags.pop(found[2], None)
        if digest is None:
            return Answered(404, {"message": "object not found"})
        if not held.tagged(digest) and not held.parents(digest):
            del held.manifests[digest]
        return Answered(204)

    def _delete_repository(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked)
        if refusal is None and self.repositories.pop(found[1], None) is None:
            return Answered(404, {"message": "object not found"})
        return refusal or Answered(202)

    def _refusal(self, asked: Asked) -> Answered | None:
        if asked.bearer != JWT:
            return Answered(401, {"message": "unauthorized"})
        if asked.method == "DELETE" and not self.may_delete:
            return Answered(403, {"message": "access to the resource is forbidden with personal access token"})
        return None
