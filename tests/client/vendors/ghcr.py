"""GitHub's container registry and its API, on one host."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar
from urllib.parse import unquote

from tests.client.vendors.fake import PASSWORD, Answered, Asked, Fake, Handler, Held, error

LAST = "You cannot delete the last tagged version of a package. You must delete the package instead."
POPULAR = "Publicly visible package versions with more than 5000 downloads cannot be deleted."


class FakeGhcr(Fake):
    """GitHub's container registry, of organizations.

    - DELETE on /v2: 405 UNSUPPORTED (podman-container-tools/skopeo, issue 1880); the catalog is not served.
    - `GET /users/{user}` tells whether it is an organization; versions have a number, the digest as their name and
      their tags in `metadata.container.tags`; deleting a version or package: 204; 403 where the token has no
      delete:packages, 404 where there is none ("REST API endpoints for packages").
    - The last tagged version: 400 (kairos-io/kairos, issue 4723); a public one with many downloads: 400 ("Deleting and
      restoring a package").
    - A name with slashes is encoded (same endpoints, "package_name").
    """

    bearer: ClassVar[bool] = True
    catalog: ClassVar[bool] = False
    service: ClassVar[str] = "ghcr.io"

    def __init__(self) -> None:
        super().__init__()
        self.popular: set[str] = set()
        self.may_delete = True

    def routes(self) -> list[tuple[str, str, Handler]]:
        place = r"/orgs/([^/]+)/packages/container/([^/]+)"
        return [
            (
                "GET",
                r"/users/([^/]+)",
                lambda asked, _: self._refusal(asked) or Answered(200, {"type": "Organization"}),
            ),
            ("GET", place + r"/versions", self._package(self._versions)),
            ("DELETE", place + r"/versions/([0-9]+)", self._package(self._delete_version)),
            ("DELETE", place, self._package(self._delete_package)),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        return error(405, "UNSUPPORTED", "The operation is unsupported.")

    def delete_unknown(self, reference: str) -> Answered:
        return error(405, "UNSUPPORTED", "The operation is unsupported.")

    def _package(self, then: Callable[[Asked, re.Match[str], Held], Answered]) -> Handler:
        def handler(asked: Asked, found: re.Match[str]) -> Answered:
            held = self.repositories.get(f"{found[1]}/{unquote(found[2])}")
            if held is None:
                return self._refusal(asked) or Answered(404, {"message": "Package not found."})
            return self._refusal(asked) or then(asked, found, held)

        return handler

    def _versions(self, asked: Asked, _: re.Match[str], held: Held) -> Answered:
        versions = [
            {"id": number, "name": digest, "metadata": {"container": {"tags": held.tagged(digest)}}}
            for number, digest in enumerate(held.manifests, 1)
        ]
        page, size = int(asked.query.get("page", "1")), int(asked.query.get("per_page", "30"))
        return Answered(200, versions[(page - 1) * size : page * size])

    def _delete_version(self, asked: Asked, found: re.Match[str], held: Held) -> Answered:
        digest = list(held.manifests)[int(found[3]) - 1]
        if digest in self.popular:
            return Answered(400, {"message": POPULAR})
        if held.tagged(digest) and set(held.tags.values()) == {digest}:
            return Answered(400, {"message": LAST})
        held.drop(digest)
        return Answered(204)

    def _delete_package(self, asked: Asked, found: re.Match[str], held: Held) -> Answered:
        del self.repositories[f"{found[1]}/{unquote(found[2])}"]
        return Answered(204)

    def _refusal(self, asked: Asked) -> Answered | None:
        if asked.bearer != PASSWORD:
            return Answered(401, {"message": "Bad credentials"})
        if asked.method == "DELETE" and not self.may_delete:
            return Answered(403, {"message": "You need at least delete:packages scope to delete a package."})
        return None
