"""A Gitea."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import unquote

from tests.client.vendors.fake import Answered, Asked, Fake, Handler, Held, error


class FakeGitea(Fake):
    """Gitea.

    - Every tag is a version of a package, and so is every manifest that was pushed by its digest. DELETE by tag takes
      the tag, with the last one the manifest; by digest all of them: 202 (go-gitea/gitea,
      routers/api/packages/container/container.go, `DeleteManifest`).
    - `GET /api/v1/packages/{owner}?type=container` has pages and matches part of a name with `q`; `DELETE
      /api/v1/packages/{owner}/container/{name}/{version}`: 204, 404 (Gitea API, "package").
    - Signing in: tokens at /v2/token, or HTTP Basic (same file, `ReqContainerAccess`).
    """

    bearer: ClassVar[bool] = True
    token_path: ClassVar[str] = "/v2/token"
    service: ClassVar[str] = "container_registry"

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("GET", r"/api/v1/packages/([^/]+)", self._list),
            ("DELETE", r"/api/v1/packages/([^/]+)/container/([^/]+)/([^/]+)", self._delete_version),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" in reference:
            held.drop(reference)
            return Answered(202)
        digest = held.tags.pop(reference, None)
        if digest is None:
            return error(404, "MANIFEST_UNKNOWN")
        if not held.tagged(digest) and not held.parents(digest):
            del held.manifests[digest]
        return Answered(202)

    def _list(self, asked: Asked, found: re.Match[str]) -> Answered:
        versions = [
            {"type": "container", "name": name.partition("/")[2], "version": version}
            for name, held in sorted(self.repositories.items())
            if name.startswith(f"{found[1]}/") and asked.query.get("q", "") in name.partition("/")[2]
            for version in [*sorted(held.tags), *(d for d in sorted(held.manifests) if not held.tagged(d))]
        ]
        page, size = int(asked.query.get("page", "1")), int(asked.query.get("limit", "30"))
        return self._refusal(asked) or Answered(200, versions[(page - 1) * size : page * size])

    def _delete_version(self, asked: Asked, found: re.Match[str]) -> Answered:
        name, version = f"{found[1]}/{unquote(found[2])}", unquote(found[3])
        held = self.repositories.get(name)
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        if held is None or (version not in held.tags and version not in held.manifests):
            return Answered(404, {"message": "package does not exist"})
        self.delete_manifest(held, version)
        if not held.tags and not held.manifests:
            del self.repositories[name]
        return Answered(204)

    def _refusal(self, asked: Asked) -> Answered | None:
        given = asked.basic
        allowed = given is not None and self.users.get(given[0]) == given[1]
        return None if allowed else Answered(401, {"message": "token is required"})
