"""CNCF distribution, versions 2 and 3 (`registry:2`, `registry:3`), and whatever is built on it without saying so.

Observed: version 2 answers DELETE by tag with 400 DIGEST_INVALID or 405 UNSUPPORTED, version 3 with 202; both answer
any DELETE with 405 UNSUPPORTED where `storage.delete.enabled` is off. A DELETE by digest takes all tags of that digest.
Neither has a way to delete a repository: `/v2/_catalog` lists it as long as its folder is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jettison.client.errors import Unsupported
from jettison.client.repository import Repository
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.reference import Tag


class Distribution(Vendor):
    """CNCF distribution, versions 2 and 3."""

    name: ClassVar[str] = "distribution"
    title: ClassVar[str] = "CNCF distribution"
    limits: ClassVar[Limits] = Limits(
        keeps_names=True,
        notes=("its disk space comes back after `registry garbage-collect` on the server, while nothing is pushed",),
    )

    off: ClassVar[str] = (
        "deletion is off in this registry, and nothing was changed: set storage.delete.enabled to true in its "
        "configuration (REGISTRY_STORAGE_DELETE_ENABLED=true) and restart it"
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.headers.get("docker-distribution-api-version", "").startswith("registry/2")

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        answer = self.delete(repository, digest, purge=purge)
        if answer.status == 405:
            raise Unsupported(f"cannot delete {repository.name}@{digest}: {self.off}", status=405)
        answer.check(f"delete {repository.name}@{digest}")
        return Done("DELETE by digest")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        raise Unsupported(
            f"{self.title} cannot delete a repository: its tags and versions can be deleted, and the catalog will go "
            "on listing the name until its folder is removed on the server"
        )
