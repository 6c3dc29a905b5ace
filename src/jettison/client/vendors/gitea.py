"""Gitea, and Forgejo.

- DELETE on `/v2` works by tag and by digest and answers 202. Every tag is a version of a package: by digest, each
  version with that manifest goes, tags and all (go-gitea/gitea, routers/api/packages/container/container.go,
  `DeleteManifest`).
- `GET /api/v1/packages/{owner}?type=container` lists versions, `DELETE
  /api/v1/packages/{owner}/container/{name}/{version}` deletes one and answers 204 (Gitea API, "package"). Both take
  HTTP Basic with a password or token.
- The challenge is `Bearer realm="https://HOST/v2/token"` beside `Basic` (same file, `ReqContainerAccess`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import quote

from jettison.client.errors import Invalid, NotFound
from jettison.client.fields import objects, text
from jettison.client.repository import Repository
from jettison.client.transport import Transport
from jettison.client.vendors.api import asking, basic, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor

_PAGE = 50


class Gitea(Vendor):
    """Gitea or Forgejo."""

    name: ClassVar[str] = "gitea"
    title: ClassVar[str] = "Gitea"
    limits: ClassVar[Limits] = Limits(deletes_repositories=True, tags_alone=True, last_tag_takes_version=True)

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return '/v2/token"' in signs.challenge

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        owner, slash, name = str(repository.name).partition("/")
        if not slash:
            raise Invalid(f"{repository.name} has no owner: a package of Gitea is OWNER/NAME")
        headers = basic(signed_in(self.registry, repository, self.title, "a password or token with write:package"))
        with asking(self.registry) as api:
            found = _versions(api, owner, name, headers)
            if not found:
                raise NotFound(f"Gitea has no package {repository.name}", status=404)
            for version in found:
                place = f"/api/v1/packages/{owner}/container/{quote(name, safe='')}/{quote(version, safe='')}"
                answer = api.request("DELETE", place, headers=headers)
                answer.check(f"delete version {version} of {repository.name}", 204, 200, 404)
        return Done("Gitea's API")


def _versions(api: Transport, owner: str, name: str, headers: Mapping[str, str]) -> list[str]:
    """All versions, read before any is deleted: pages would move."""
    found: list[str] = []
    for page in range(1, 10_000):
        asked = {"type": "container", "q": name, "page": str(page), "limit": str(_PAGE)}
        answer = api.request("GET", f"/api/v1/packages/{owner}", headers=headers, params=asked)
        listed = objects(answer.check(f"list the versions of {owner}/{name}").json())
        found += [text(each, "version") for each in listed if each.get("name") == name]
        if len(listed) < _PAGE:
            break
    return found
