"""Docker Hub.

- DELETE on `/v2` is answered 405 UNSUPPORTED, by tag and by digest (docker/hub-feedback, issues 1759 and 2360).
- `DELETE https://hub.docker.com/v2/repositories/{namespace}/{repository}/tags/{tag}/` removes a tag and answers 204;
  without the tag it removes the repository and answers 202 (same issue 1759; docker/hub-tool, pkg/hub).
- `POST /v2/auth/token` makes a bearer token of a user name and a password or personal access token; deleting takes
  one with the access Read, Write, Delete (Docker Hub API reference, "Authentication API"; "Personal access tokens").
- Repositories are listed by namespace, `GET /v2/namespaces/{namespace}/repositories` (same reference, "Repositories").
- What is beyond the limit of requests is answered 429 (same reference, "Rate Limiting").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from jettison.client.errors import Unsupported
from jettison.client.fields import objects, text
from jettison.client.repository import Repository
from jettison.client.transport import Transport
from jettison.client.vendors.api import asking, bearer, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag

API = "hub.docker.com"
_WANTED = "a password, or a personal access token that may delete"


class DockerHub(Vendor):
    """Docker Hub."""

    name: ClassVar[str] = "dockerhub"
    title: ClassVar[str] = "Docker Hub"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True, deletes_versions=False, last_tag_takes_version=True, lists=False
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.host.is_docker_hub

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        self._delete(repository, f"/tags/{tag}/", f"delete {repository.name}:{tag}")
        return Done("Docker Hub's API")

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        named = ", ".join(f"{repository.name}:{tag}" for tag in tags) or "it has none"
        raise Unsupported(
            f"Docker Hub does not delete by digest, and keeps a version as long as a tag points at it: delete its tags "
            f"({named})"
        )

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        self._delete(repository, "/", f"delete the repository {repository.name}")
        return Done("Docker Hub's API")

    def repositories(self) -> Iterator[RepositoryName]:
        """The repositories of the account that is signed in."""
        account = signed_in(self.registry, None, self.title, _WANTED).username
        path = f"/v2/namespaces/{account}/repositories"
        with self._signed_in(None) as (api, headers):
            for page in range(1, 10_000):
                answer = api.request("GET", path, headers=headers, params={"page_size": "100", "page": str(page)})
                body = answer.check(f"list the repositories of {account}").json_object()
                for each in objects(body.get("results")):
                    yield RepositoryName.parse(f"{account}/{text(each, 'name')}")
                if not body.get("next"):
                    return

    def _delete(self, repository: Repository, place: str, doing: str) -> None:
        with self._signed_in(repository) as (api, headers):
            api.request("DELETE", f"/v2/repositories/{repository.name}{place}", headers=headers).check(doing)

    @contextmanager
    def _signed_in(self, repository: Repository | None) -> Iterator[tuple[Transport, Mapping[str, str]]]:
        credentials = signed_in(self.registry, repository, self.title, _WANTED)
        body = {"identifier": credentials.username, "secret": credentials.password}
        with asking(self.registry, self.api or API) as api:
            answer = api.request(
                "POST",
                "/v2/auth/token",
                headers={"Content-Type": "application/json"},
                content=json.dumps(body).encode(),
                repeatable=True,
            )
            yield api, bearer(text(answer.check(f"sign in to {API}").json_object(), "access_token"))
