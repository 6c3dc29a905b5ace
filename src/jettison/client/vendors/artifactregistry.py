"""Google's Artifact Registry, and Container Registry before it.

- DELETE on `/v2` works by tag (202), the tag alone; by digest it is refused while a tag points at the version, 400
  GOOGLE_MANIFEST_DANGLING_TAG (genuinetools/reg, issue 136), and while an index lists it, 400
  GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE (GoogleCloudPlatform/gcr-cleaner, README, "Manifest lists").
- `DELETE https://artifactregistry.googleapis.com/v1/projects/*/locations/*/repositories/*/packages/*` removes an
  image with all its versions and tags, in an operation that ends a while later (Artifact Registry REST reference,
  "projects.locations.repositories.packages.delete"). It takes an access token, which is what the user oauth2accesstoken
  has as its password (Artifact Registry documentation, "Configure authentication to Artifact Registry for Docker").
- Tags of a repository with immutable tags cannot be deleted (same documentation, "Container image tag mutability").
- `/v2/_catalog` is not served; images are listed by repository (REST reference, "packages.list").
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from typing import ClassVar
from urllib.parse import quote

from jettison.client.errors import NotAllowed, Refused, Unsupported
from jettison.client.fields import text
from jettison.client.repository import Repository
from jettison.client.vendors.api import asking, bearer, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag

API = "artifactregistry.googleapis.com"
TOKEN_USER = "oauth2accesstoken"  # noqa: S105 - the name of a user
_WANTED = f"an access token, as the password of the user {TOKEN_USER}"
_WAITS = 60.0
_host = re.compile(r"([a-z0-9-]+)-docker\.pkg\.dev").fullmatch


class ArtifactRegistry(Vendor):
    """Google's Artifact Registry."""

    name: ClassVar[str] = "artifactregistry"
    title: ClassVar[str] = "Artifact Registry"
    limits: ClassVar[Limits] = Limits(deletes_repositories=True, tags_alone=True, lists=False, tags_first=True)

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        host = signs.host.hostname
        return _host(host) is not None or host == "gcr.io" or host.endswith(".gcr.io")

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        for tag in tags:
            answer = self.delete(repository, tag)
            if answer.status != 404:
                answer.check(f"delete {repository.name}:{tag}, which points at {digest}")
        answer = self.delete(repository, digest)
        codes = {problem.code for problem in answer.errors}
        if "GOOGLE_MANIFEST_DANGLING_PARENT_IMAGE" in codes:
            raise NotAllowed(
                f"cannot delete {repository.name}@{digest}: an index lists it: delete the index first",
                status=answer.status,
            )
        if "GOOGLE_MANIFEST_DANGLING_TAG" in codes:
            raise Refused(
                f"cannot delete {repository.name}@{digest}: a tag points at it that was not there when this was "
                "planned: plan again",
                status=answer.status,
            )
        answer.check(f"delete {repository.name}@{digest}")
        return Done("DELETE by digest, after its tags" if tags else "DELETE by digest")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        doing = f"delete the image {repository.name}"
        package = self._package(repository)
        credentials = signed_in(self.registry, repository, self.title, _WANTED)
        if credentials.username != TOKEN_USER:
            raise Unsupported(
                f"cannot {doing} as a whole: the API takes {_WANTED}; with gcloud: gcloud artifacts docker images "
                f"delete {self.registry.host}/{repository.name} --delete-tags"
            )
        headers = bearer(credentials.password)
        with asking(self.registry, self.api or API) as api:
            operation = api.request("DELETE", package, headers=headers).check(doing).json_object()
            ends = time.monotonic() + _WAITS
            while not operation.get("done") and time.monotonic() < ends:
                time.sleep(0.5)
                place = f"/v1/{text(operation, 'name')}"
                operation = api.request("GET", place, headers=headers).check(doing).json_object()
        if operation.get("error"):
            raise Refused(f"cannot {doing}: {operation['error'].get('message', 'the operation failed')}")
        if operation.get("done"):
            return Done("Artifact Registry's API")
        return Done("Artifact Registry's API, in the background", later=True)

    def repositories(self) -> Iterator[RepositoryName]:
        raise Unsupported(
            "Artifact Registry lists images by repository: name one, or "
            f"gcloud artifacts docker images list {self.registry.host}/PROJECT/REPOSITORY"
        )

    def _package(self, repository: Repository) -> str:
        found = _host(self.registry.host.hostname)
        parts = str(repository.name).split("/", 2)
        if (found is None and self.api is None) or len(parts) < 3:
            raise Unsupported(
                f"{repository.name} is no image of Artifact Registry: its tags and versions can be deleted"
            )
        location = "local" if found is None else found[1]
        project, name, image = parts
        place = f"projects/{project}/locations/{location}/repositories/{name}"
        return f"/v1/{place}/packages/{quote(image, safe='')}"
