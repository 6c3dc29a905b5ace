"""Jettison: everything is native, in one transaction, and can be undone on the server (docs/api.md, "Deleting")."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from jettison.client.answer import Answer
from jettison.client.errors import Invalid, Unsupported, Untrustworthy
from jettison.client.fields import integer_or_none, objects, text, text_or_none
from jettison.client.item import Item
from jettison.client.repository import Repository
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.errors import Json, RegistryError
from jettison.oci.reference import Reference, RepositoryName, Tag

_BODY = {"Content-Type": "application/json"}
_DELETIONS = "/api/v1/deletions"
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What the server says that a deletion would take: versions, and bytes that come back; None: it does not say."""

    versions: int | None
    exclusive: int | None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A version that stands for itself: when it was pushed, and since when each of its tags has pointed at it."""

    digest: Digest
    at: datetime
    tags: Mapping[Tag, datetime]


class Jettison(Vendor):
    """A Jettison server."""

    name: ClassVar[str] = "jettison"
    title: ClassVar[str] = "Jettison"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        tags_alone=True,
        cascades=True,
        restores=True,
        together=10_000,
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

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        # Every DELETE is known here: 405 means that deletion is off, or that the server is read-only, and says so.
        if answer.status != 405:
            return None
        told = "; ".join(each.message for each in answer.errors) or answer.said
        return Unsupported(f"cannot {doing}: {told}", status=405)

    def deletion(self, answer: Answer) -> int | None:
        body = answer.json() if answer.content else {}
        return integer_or_none(body, "deletion") if isinstance(body, dict) else None

    def foresee(self, repository: Repository, references: Sequence[Reference]) -> Foreseen | None:
        """What deleting these, or with none of them the repository, would take. None where the server will not say."""
        named: Sequence[Reference | None] = references or [None]
        targets: list[Json] = [_target(repository.name, reference) for reference in named]
        answer = self._post(_DELETIONS, {"targets": targets, "dry_run": True}, [repository])
        if not answer.ok:
            return None
        body = answer.json_object()
        freed = body.get("bytes")
        size = integer_or_none(freed, "exclusive") if isinstance(freed, Mapping) else None
        return Foreseen(integer_or_none(body, "versions"), size)

    def versions(self, repository: Repository) -> Iterator[Pushed]:
        """All versions that stand for themselves, untagged ones too, page by page (docs/api.md, "Looking").

        Raises NotFound where there is no such repository, and what else a request raises.
        """
        path: str | None = f"/api/v1/versions/{repository.name}?limit={_PAGE}"
        doing, asked = f"list the versions of {repository}", set[str]()
        while path is not None and path not in asked:
            asked.add(path)
            answer = repository.transport.request("GET", path, scopes=repository.scopes("pull"))
            body = answer.check(doing).json_object()
            yield from map(_pushed, objects(body.get("versions")))
            path = text_or_none(body, "next")

    def show_together(self, items: Sequence[Item]) -> str:
        body = self._together(items, dry_run=True).json_object()
        return text(body, "plan_id")

    def delete_together(self, items: Sequence[Item], shown: str, *, purge: bool) -> Done:
        answer = self._together(items, purge=purge, expect=shown)
        return Done("one deletion of all", self.deletion(answer))

    def _together(self, items: Sequence[Item], **options: Json) -> Answer:
        targets: list[Json] = [_target(item.repository, item.reference) for item in items]
        names = dict.fromkeys(item.repository for item in items)
        repositories = [self.registry.repository(name) for name in names]
        return self._post(_DELETIONS, {"targets": targets, **options}, repositories).check(
            f"delete {len(items)} items of {self.registry.host} as one"
        )

    def restore(self, repositories: Sequence[Repository], deletion: int) -> Sequence[str]:
        """Takes a deletion in these repositories back. Raises what its error means.

        Answers the tags that are left, since they were pushed again, as `REPOSITORY:TAG`.
        """
        answer = self._post(f"/api/v1/deletions/{deletion}/restore", {}, repositories)
        body = answer.check(f"restore deletion {deletion}").json_object()
        return [f"{text(each, 'repository')}:{text(each, 'tag')}" for each in objects(body.get("left"))]

    def _delete(self, repository: Repository, place: str, *, purge: bool) -> Answer:
        return repository.transport.request(
            "DELETE",
            f"{repository.path}{place}",
            params={"purge": "true"} if purge else None,
            scopes=repository.scopes("pull", "push", "delete"),
        )

    def _post(self, path: str, body: Mapping[str, Json], repositories: Sequence[Repository]) -> Answer:
        scopes = tuple(scope for repository in repositories for scope in repository.scopes("pull", "delete"))
        content = json.dumps(body).encode()
        return self.registry.transport.request("POST", path, headers=_BODY, content=content, scopes=scopes)


def _pushed(value: Mapping[str, Json]) -> Pushed:
    """Raises Untrustworthy."""
    try:
        tags = {Tag.parse(text(each, "name")): _time(each, "updated_at") for each in objects(value.get("tags"))}
        return Pushed(Digest.parse(text(value, "digest")), _time(value, "pushed_at"), tags)
    except (Invalid, RegistryError, ValueError) as error:
        raise Untrustworthy(f"the server lists a version that cannot be read: {error}") from None


def _time(value: Mapping[str, Json], name: str) -> datetime:
    return datetime.fromisoformat(text(value, name))


def _target(repository: RepositoryName, reference: Reference | None) -> dict[str, Json]:
    named: dict[str, Json] = {"repository": str(repository)}
    if reference is None:
        return named
    return {**named, "digest" if isinstance(reference, Digest) else "tag": str(reference)}
