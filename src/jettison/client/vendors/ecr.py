"""Amazon's registry, ECR, private.

- DELETE on `/v2` works by tag and by digest (aws/containers-roadmap, issue 1229, shipped in 2022); before it was
  answered 404 by a page that is no registry's error body. A tag alone goes; with the last tag of an image the image
  goes, by digest the image with all its tags (Amazon ECR API reference, "BatchDeleteImage").
- An image that an index lists is not deleted: ImageReferencedByManifestList (same reference, "ImageFailure").
- Repositories are deleted by `DeleteRepository`, with `force` where images are left (same reference). It takes AWS
  keys, which the password that docker keeps for ECR is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from jettison.client.answer import Answer
from jettison.client.errors import NotAllowed, Unsupported
from jettison.client.repository import Repository
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.reference import Tag

_host = re.compile(r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)").fullmatch


class Ecr(Vendor):
    """Amazon's registry."""

    name: ClassVar[str] = "ecr"
    title: ClassVar[str] = "Amazon ECR"
    limits: ClassVar[Limits] = Limits(keeps_names=True, tags_alone=True, last_tag_takes_version=True)

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return _host(signs.host.hostname) is not None

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        raise Unsupported(
            f"{self.title} does not take DELETE here; with AWS keys: aws ecr batch-delete-image {self._where()}"
            f"--repository-name {repository.name} --image-ids imageTag={tag}"
        )

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        doing = f"delete {repository.name}@{digest}"
        answer = self.delete(repository, digest, purge=purge)
        refusal = self.refusal(answer, doing)
        if refusal is not None:
            raise refusal
        if answer.status == 404 and not answer.errors:
            raise Unsupported(
                f"cannot {doing}: {self.title} does not take DELETE here; with AWS keys: aws ecr batch-delete-image "
                f"{self._where()}--repository-name {repository.name} --image-ids imageDigest={digest}",
                status=404,
            )
        answer.check(doing)
        return Done("DELETE by digest")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        raise Unsupported(
            f"{self.title} deletes a repository by an API that takes AWS keys: aws ecr delete-repository "
            f"{self._where()}--force --repository-name {repository.name}; its tags and versions can be deleted here"
        )

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        if answer.ok or b"ImageReferencedByManifestList" not in answer.content:
            return None
        return NotAllowed(f"cannot {doing}: an index lists it: delete the index first", status=answer.status)

    def _where(self) -> str:
        found = _host(self.registry.host.hostname)
        return f"--region {found[1]} " if found is not None else ""
