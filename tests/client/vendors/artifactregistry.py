"""Google's Artifact Registry and its API, on one host."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import unquote

from tests.client.vendors.fake import PASSWORD, Answered, Asked, Fake, Handler, Held, error


class FakeArtifactRegistry(Fake):
    """Artifact Registry; `slow` is how many times an operation is asked for before it is done.

    - DELETE by tag: 202, the tag alone; by digest 400 GOOGLE_MANIFEST_DANGLING_TAG while it has one
      (genuinetools/reg, issue 136), and 400 GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE while an index lists it
      (GoogleCloudPlatform/gcr-cleaner, README).
    - A tag of a repository with immutable tags: 403 DENIED (Artifact Registry documentation, "Container image tag
      mutability").
    - `DELETE /v1/projects/*/locations/*/repositories/*/packages/*` answers an operation, which is asked for until it is
      done; 404 where there is no such package, 401 without an access token (REST reference, "packages.delete",
      "operations.get"). Errors are `{"error": {"code", "message", "status"}}`.
    - The catalog is not served.
    """

    bearer: ClassVar[bool] = False
    catalog: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.users["oauth2accesstoken"] = PASSWORD
        self.immutable = False
        self.slow = 1
        self._asked = 0

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            (
                "DELETE",
                r"/v1/projects/([^/]+)/locations/[^/]+/repositories/([^/]+)/packages/([^/]+)",
                self._delete_package,
            ),
            ("GET", r"/v1/(projects/p/locations/l/operations/1)", self._operation),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" not in reference:
            if reference not in held.tags:
                return error(404, "MANIFEST_UNKNOWN")
            if self.immutable:
                return error(403, "DENIED", "The repository has immutable tags, and the tag cannot be deleted.")
            del held.tags[reference]
            return Answered(202)
        if held.tagged(reference):
            named = held.tagged(reference)[0]
            return error(400, "GOOGLE_MANIFEST_DANGLING_TAG", f"Manifest is still referenced by tag: {named}")
        if held.parents(reference):
            return error(400, "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE", "Manifest is still referenced by a parent image")
        held.drop(reference)
        return Answered(202)

    def _delete_package(self, asked: Asked, found: re.Match[str]) -> Answered:
        name = f"{found[1]}/{found[2]}/{unquote(found[3])}"
        if asked.bearer != PASSWORD:
            return _failure(401, "Request had invalid authentication credentials.", "UNAUTHENTICATED")
        if self.repositories.pop(name, None) is None:
            return _failure(404, "Requested entity was not found.", "NOT_FOUND")
        return Answered(200, {"name": "projects/p/locations/l/operations/1"})

    def _operation(self, asked: Asked, found: re.Match[str]) -> Answered:
        self._asked += 1
        return Answered(200, {"name": found[1], "done": self._asked >= self.slow, "response": {}})


def _failure(status: int, message: str, kind: str) -> Answered:
    return Answered(status, {"error": {"code": status, "message": message, "status": kind}})
