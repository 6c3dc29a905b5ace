"""Harbor.

- DELETE by tag on `/v2` is answered 400 UNSUPPORTED; by digest, the artifact goes with all its tags
  (goharbor/harbor, src/server/registry/manifest.go, `deleteManifest`; src/lib/http/error.go, `codeMap`).
- `DELETE /api/v2.0/projects/{project}/repositories/{repository}/artifacts/{reference}/tags/{tag}` removes the tag
  alone, and 412 is the answer for an immutable one; slashes in the repository are encoded twice (Harbor API 2.0,
  swagger.yaml, "artifact"; Harbor documentation, "Tag Immutability Rules").
- `DELETE /api/v2.0/projects/{project}/repositories/{repository}` removes the repository (swagger.yaml, "repository").
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote

from jettison.client.answer import Answer
from jettison.client.errors import Invalid, NotAllowed
from jettison.client.repository import Repository
from jettison.client.vendors.api import asking, basic, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.reference import Tag


class Harbor(Vendor):
    """Harbor, version 2."""

    name: ClassVar[str] = "harbor"
    title: ClassVar[str] = "Harbor"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True, notes=("its disk space comes back with Harbor's own garbage collection",)
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return 'service="harbor-registry"' in signs.challenge or "/service/token" in signs.challenge

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        place = f"{self._place(repository)}/artifacts/{tag}/tags/{tag}"
        self._delete(repository, place, f"delete {repository.name}:{tag}")
        return Done("Harbor's API")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        self._delete(repository, self._place(repository), f"delete the repository {repository.name}")
        return Done("Harbor's API")

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        if answer.status != 412:
            return None
        if "VIOLATE_FOREIGN_KEY_CONSTRAINT" in {problem.code for problem in answer.errors}:
            return NotAllowed(f"cannot {doing}: an index lists it: delete the index first", status=412)
        return NotAllowed(
            f"cannot {doing}: an immutability rule of the project protects a tag; change the rule in the project's "
            "policy, then try again",
            status=412,
        )

    def _delete(self, repository: Repository, place: str, doing: str) -> None:
        credentials = signed_in(self.registry, repository, self.title, "a user or robot account")
        with asking(self.registry) as api:
            answer = api.request("DELETE", place, headers=basic(credentials))
        refusal = self.refusal(answer, doing)
        if refusal is not None:
            raise refusal
        answer.check(doing)

    def _place(self, repository: Repository) -> str:
        project, slash, name = str(repository.name).partition("/")
        if not slash:
            raise Invalid(f"{repository.name} has no project: a repository of Harbor is PROJECT/NAME")
        return f"/api/v2.0/projects/{project}/repositories/{quote(quote(name, safe=''), safe='')}"
