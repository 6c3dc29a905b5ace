"""Quay, quay.io and self-hosted.

- DELETE by tag on `/v2` removes the tag alone and answers 202; Quay before 3.10 had no such route (405, an HTML
  page). By digest, all tags of the manifest go (quay/quay, endpoints/v2/manifest.py, `delete_manifest_by_tag`,
  `delete_manifest_by_digest`). Both take the scope `push`.
- `DELETE /api/v1/repository/{repository}/tag/{tag}` answers 204 and takes an OAuth token of the scope repo:write;
  deleting a repository one of repo:admin (Red Hat Quay API reference, "deleteFullTag", "deleteRepository").
- An OAuth token may be signed in with as the password of the user `$oauthtoken` (Red Hat Quay, "Using the API").
- Versions without a tag that no index lists are collected; DELETE of one is 404 (same file,
  `lookup_manifest_by_digest`).
- What was deleted can be brought back within the namespace's time machine (Use Red Hat Quay, "Viewing tag history").
"""

from __future__ import annotations

from typing import ClassVar

from jettison.client.errors import NotAllowed
from jettison.client.repository import Repository
from jettison.client.vendors.api import asking, bearer, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.reference import Tag

OAUTH_USER = "$oauthtoken"


class Quay(Vendor):
    """Quay."""

    name: ClassVar[str] = "quay"
    title: ClassVar[str] = "Quay"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        tags_alone=True,
        cascades=True,
        undo="in the tag history of the repository, within the namespace's time machine",
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.host.hostname == "quay.io" or "/v2/auth" in signs.challenge

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        self._delete(repository, f"/tag/{tag}", "repo:write", f"delete {repository.name}:{tag}")
        return Done("Quay's API")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        self._delete(repository, "", "repo:admin", f"delete the repository {repository.name}")
        return Done("Quay's API")

    def _delete(self, repository: Repository, place: str, scope: str, doing: str) -> None:
        wanted = f"an OAuth token of the scope {scope}"
        credentials = signed_in(self.registry, repository, self.title, wanted)
        if credentials.username != OAUTH_USER:
            raise NotAllowed(
                f"may not {doing}: Quay's API takes {wanted}, and {credentials} is none: sign in with "
                f"`jettison login {self.registry.host} --username '{OAUTH_USER}'` and the token as the password"
            )
        path = f"/api/v1/repository/{repository.name}{place}"
        with asking(self.registry) as api:
            api.request("DELETE", path, headers=bearer(credentials.password)).check(doing)
