"""Jettison: everything is native, in one transaction, and can be undone on the server (docs/api.md, "Deleting")."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from jettison.client.answer import Answer
from jettison.client.fields import integer_or_none
from jettison.client.repository import Repository
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.errors import Json
from jettison.oci.reference import Reference

_BODY = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the server says that a deletion would take: numbers, and bytes that come back and that stay."""

    tags: int
    versions: int
    exclusive: int
    shared: int


class Jettison(Vendor):
    """A Jettison server."""

    name: ClassVar[str] = "jettison"
    title: ClassVar[str] = "Jettison"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        cascades=True,
        restores=True,
        undo="on the server, for as long as jettison.deletions.undo says",
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.headers.get("server", "").lower().startswith("jettison")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        answer = self._delete(repository, "", purge=purge)
        answer.check(f"delete the repository {repository.name}")
        return Done("DELETE of the repository", self.deletion(answer))

    def delete(self, repository: Repository, reference: Reference, *, purge: bool = False) -> Answer:
        return self._delete(repository, f"/manifests/{reference}", purge=purge)

    def deletion(self, answer: Answer) -> int | None:
        body = answer.json() if answer.content else {}
        return integer_or_none(body, "deletion") if isinstance(body, dict) else None

    def foresee(self, repository: Repository, references: Sequence[Reference]) -> Foreseen | None:
        """What deleting these, or with none of them the repository, would take. None where the server will not say."""
        targets = [_target(repository, reference) for reference in references] or [{"repository": str(repository.name)}]
        answer = self._post("/api/v1/deletions", {"targets": targets, "dry_run": True}, repository)
        if not answer.ok:
            return None
        body = answer.json()
        freed = body.get("bytes", {})
        return Foreseen(body["tags"], body["versions"], freed.get("exclusive", 0), freed.get("shared", 0))

    def restore(self, repository: Repository, deletion: int) -> Sequence[str]:
        """Takes a deletion back; the tags that are left, since they were pushed again. Raises what its error means."""
        answer = self._post(f"/api/v1/deletions/{deletion}/restore", {}, repository)
        answer.check(f"restore deletion {deletion}")
        left = answer.json().get("left", [])
        return [str(each.get("tag", each)) if isinstance(each, dict) else str(each) for each in left]

    def _delete(self, repository: Repository, place: str, *, purge: bool) -> Answer:
        return repository.transport.request(
            "DELETE",
            f"{repository.path}{place}",
            params={"purge": "true"} if purge else None,
            scopes=repository.scopes("pull", "push", "delete"),
        )

    def _post(self, path: str, body: Mapping[str, Json], repository: Repository) -> Answer:
        return repository.transport.request(
            "POST", path, headers=_BODY, content=json.dumps(body).encode(), scopes=repository.scopes("pull", "delete")
        )


def _target(repository: Repository, reference: Reference) -> dict[str, Json]:
    kind = "digest" if ":" in str(reference) else "tag"
    return {"repository": str(repository.name), kind: str(reference)}
