"""GitHub's container registry, ghcr.io.

- DELETE on `/v2` is answered 405 UNSUPPORTED (podman-container-tools/skopeo, issue 1880).
- Versions are deleted by their number: `DELETE /orgs/{org}/packages/container/{package}/versions/{version}`
  (`/users/...` for a user's), 204, with a classic personal access token that has read:packages and delete:packages
  (GitHub documentation, "REST API endpoints for packages"; "Deleting and restoring a package").
- A version is a digest with all its tags: there is no way to take one tag of several.
- The last tagged version cannot be deleted, only the package: 400 (kairos-io/kairos, issue 4723, and the message
  itself); nor a public version with more than 5,000 downloads ("Deleting and restoring a package").
- A package or version can be restored within 30 days (same page).
- `/v2/_catalog` is not served; `GET /users/{user}/packages?package_type=container` lists ("REST API endpoints for
  packages").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import quote

from jettison.client.answer import Answer
from jettison.client.errors import Invalid, NotFound, Unsupported
from jettison.client.fields import integer_or_none, objects
from jettison.client.repository import Repository
from jettison.client.transport import Transport
from jettison.client.vendors.api import asking, bearer, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.digest import Digest
from jettison.oci.reference import RepositoryName, Tag

API = "api.github.com"
_WANTED = "a classic personal access token with read:packages and delete:packages"
_VERSION = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class Ghcr(Vendor):
    """GitHub's container registry."""

    name: ClassVar[str] = "ghcr"
    title: ClassVar[str] = "GitHub's container registry"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        lists=False,
        last_tag_takes_version=True,
        undo="on GitHub, for 30 days: Packages, Manage, or `POST .../versions/NUMBER/restore`",
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return signs.host.hostname in {"ghcr.io", "docker.pkg.github.com"}

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        raise Unsupported(
            f"{self.title} deletes versions with all their tags, never a tag of several: to let {tag} go alone, push "
            f"something else under it; to delete the version, name its digest"
        )

    def delete_version(self, repository: Repository, digest: Digest, tags: Sequence[Tag], *, purge: bool) -> Done:
        doing = f"delete {repository.name}@{digest}"
        with asking(self.registry, self.api or API) as api:
            headers = self._headers(repository)
            package = _package(api, repository.name, headers)
            number = _number(api, package, repository.name, digest, headers)
            self._check(api.request("DELETE", f"{package}/versions/{number}", headers=headers), repository, doing)
        return Done("GitHub's API")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        doing = f"delete the package {repository.name}"
        with asking(self.registry, self.api or API) as api:
            headers = self._headers(repository)
            package = _package(api, repository.name, headers)
            self._check(api.request("DELETE", package, headers=headers), repository, doing)
        return Done("GitHub's API")

    def repositories(self) -> Iterator[RepositoryName]:
        raise Unsupported(
            f"{self.title} does not list its repositories: name one, or ask "
            "GET https://api.github.com/orgs/OWNER/packages?package_type=container"
        )

    def _headers(self, repository: Repository) -> Mapping[str, str]:
        return {**_VERSION, **bearer(signed_in(self.registry, repository, self.title, _WANTED).password)}

    def _check(self, answer: Answer, repository: Repository, doing: str) -> None:
        said = _message(answer)
        if (answer.status == 400 and "last tagged version" in said) or "last version" in said:
            raise Unsupported(
                f"cannot {doing}: GitHub does not delete the last tagged version of a package: delete the package with "
                f"`jettison rm -r {self.registry.host}/{repository.name}`",
                status=400,
            )
        if answer.status == 400 and "downloads" in said:
            raise Unsupported(
                f"cannot {doing}: GitHub keeps public versions with more than 5,000 downloads: its support can help",
                status=400,
            )
        answer.check(doing)


def _message(answer: Answer) -> str:
    body = answer.json() if answer.content and answer.media_type.endswith("json") else {}
    return str(body.get("message", "")) if isinstance(body, dict) else ""


def _package(api: Transport, name: RepositoryName, headers: Mapping[str, str]) -> str:
    owner, slash, package = str(name).partition("/")
    if not slash:
        raise Invalid(f"{name} has no owner: a package of GitHub is OWNER/NAME")
    answer = api.request("GET", f"/users/{owner}", headers=headers).check(f"look up {owner} on GitHub")
    kind = "orgs" if answer.json_object().get("type") == "Organization" else "users"
    return f"/{kind}/{owner}/packages/container/{quote(package, safe='')}"


def _number(
    api: Transport, package: str, name: RepositoryName, digest: Digest, headers: Mapping[str, str]
) -> int | None:
    for page in range(1, 10_000):
        asked = {"per_page": "100", "page": str(page)}
        answer = api.request("GET", f"{package}/versions", headers=headers, params=asked)
        listed = objects(answer.check(f"list the versions of {name}").json())
        for each in listed:
            if each.get("name") == str(digest):
                return integer_or_none(each, "id")
        if len(listed) < 100:
            break
    raise NotFound(f"GitHub has no version {digest} of {name}", status=404)
