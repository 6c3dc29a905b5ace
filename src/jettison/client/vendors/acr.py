"""Azure Container Registry.

- DELETE on `/v2` works by digest, with all tags; by tag it does not (fluxcd/pkg, pull request 328; Azure documentation,
  "Delete container images in Azure Container Registry": "Delete by manifest digest").
- `DELETE /acr/v1/{name}/_tags/{reference}` removes a tag alone, `DELETE /acr/v1/{name}` a repository; both answer 202
  (Azure REST API, Container Registry, "Tag - Delete", "Repository - Delete"). They take the action `delete` of the
  scope `repository:{name}` ("Azure Container Registry roles and permissions").
- What is locked is answered 405 REGISTRY_DISALLOWED_OPERATION ("Lock a container image"; Azure/acr-cli, issue 70).
- The referrers of a version go with it ("Manage OCI artifacts", "Delete all artifacts in the graph").
"""

from __future__ import annotations

from typing import ClassVar

from jettison.client.answer import Answer
from jettison.client.errors import NotAllowed
from jettison.client.repository import Repository
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.reference import Tag

LOCKED = "REGISTRY_DISALLOWED_OPERATION"


class Acr(Vendor):
    """Azure Container Registry."""

    name: ClassVar[str] = "acr"
    title: ClassVar[str] = "Azure Container Registry"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        cascades=True,
        undo="with `az acr manifest restore`, where the registry has a soft delete policy",
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.host.hostname.endswith((".azurecr.io", ".azurecr.cn", ".azurecr.us"))

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        self._ask(repository, f"/_tags/{tag}", f"delete {repository.name}:{tag}")
        return Done("Azure's API")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        self._ask(repository, "", f"delete the repository {repository.name}")
        return Done("Azure's API")

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        if LOCKED not in {problem.code for problem in answer.errors}:
            return None
        return NotAllowed(
            f"cannot {doing}: it is locked; unlock it with `az acr repository update --delete-enabled true "
            f"--write-enabled true`, then try again",
            status=answer.status,
        )

    def _ask(self, repository: Repository, place: str, doing: str) -> None:
        scopes = (*repository.scopes("delete"), *repository.scopes("metadata_read", "metadata_write"))
        answer = repository.transport.request("DELETE", f"/acr/v1/{repository.name}{place}", scopes=scopes)
        refusal = self.refusal(answer, doing)
        if refusal is not None:
            raise refusal
        answer.check(doing)
