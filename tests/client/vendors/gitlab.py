"""A GitLab with its container registry, on one host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote

from tests.client.vendors.fake import PASSWORD, Answered, Asked, Fake, Handler, Held, error


class FakeGitLab(Fake):
    """GitLab; `age` is "new" (DELETE by tag), "middle" (DELETE of a tag reference), or "old" (the API alone).

    - Which DELETE there is: container-registry, docs/spec/docker/v2/api.md, "Deleting a tag"; what is not there is
      405, or 404 with the router's plain page.
    - Tokens have the action `delete` only where it is asked for by name, or as `*` (GitLab documentation, "Container
      registry authorization").
    - `GET /projects/:id/registry/repositories` has pages, 404 for a project that is not there or not shown; deleting a
      repository: 202 and later; a tag: 200 (GitLab documentation, "Container registry API").
    - The API takes PRIVATE-TOKEN or JOB-TOKEN: 401 without (same documentation, "REST API authentication").
    - The catalog is for administrators (same, "Container registry administration").
    """

    bearer: ClassVar[bool] = True
    catalog: ClassVar[bool] = False
    token_path: ClassVar[str] = "/jwt/auth"
    service: ClassVar[str] = "container_registry"
    headers: ClassVar[Mapping[str, str]] = {**Fake.headers, "Gitlab-Container-Registry-Version": "4.9.0-gitlab"}

    def __init__(self, age: str = "new", projects: tuple[str, ...] = ("group/project",)) -> None:
        super().__init__()
        self.age = age
        self.projects = projects

    def routes(self) -> list[tuple[str, str, Handler]]:
        place = r"/api/v4/projects/([^/]+)/registry/repositories"
        return [
            ("GET", place, self._list),
            ("DELETE", place + r"/([0-9]+)/tags/([^/]+)", self._api_delete_tag),
            ("DELETE", place + r"/([0-9]+)", self._api_delete),
            ("DELETE", r"/v2/(.+)/tags/reference/([^/]+)", self._delete_reference),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" in reference:
            held.drop(reference)
        elif self.age != "new":
            return error(405, "UNSUPPORTED")
        elif held.tags.pop(reference, None) is None:
            return error(404, "MANIFEST_UNKNOWN")
        return Answered(202)

    def _delete_reference(self, asked: Asked, found: re.Match[str]) -> Answered:
        if self.age == "old":
            return Answered(404, b"404 page not found\n", {"Content-Type": "text/plain"})
        refusal = self.allows(asked, "delete", found[1])
        if refusal is not None:
            return refusal
        gone = self.repositories[found[1]].tags.pop(found[2], None)
        return Answered(202) if gone is not None else error(404, "MANIFEST_UNKNOWN")

    def _list(self, asked: Asked, found: re.Match[str]) -> Answered:
        project, refusal = unquote(found[1]), self._refusal(asked)
        if refusal is not None:
            return refusal
        if project not in self.projects:
            return Answered(404, {"message": "404 Project Not Found"})
        named = [
            {"id": number, "path": name}
            for number, name in enumerate(sorted(self.repositories), 1)
            if name == project or name.startswith(f"{project}/")
        ]
        page, size = int(asked.query.get("page", "1")), int(asked.query.get("per_page", "20"))
        return Answered(200, named[(page - 1) * size : page * size])

    def _api_delete_tag(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        gone = self.repositories[self._named(found)].tags.pop(found[3], None)
        return Answered(200, {}) if gone is not None else Answered(404, {"message": "404 Tag Not Found"})

    def _api_delete(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked)
        if refusal is None:
            del self.repositories[self._named(found)]
        return refusal or Answered(202, b'"202 Accepted"')

    def _named(self, found: re.Match[str]) -> str:
        return sorted(self.repositories)[int(found[2]) - 1]

    def _refusal(self, asked: Asked) -> Answered | None:
        given = asked.headers.get("private-token") or asked.headers.get("job-token")
        return None if given == PASSWORD else Answered(401, {"message": "401 Unauthorized"})
