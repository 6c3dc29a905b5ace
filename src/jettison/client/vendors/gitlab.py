"""GitLab's container registry.

- DELETE by tag on `/v2` works since August 2023 (container-registry, docs/spec/docker/v2/api.md, "Deleting a tag");
  before, `DELETE /v2/<name>/tags/reference/<tag>` since 2.8.0-gitlab. Both answer 202 and take the action `delete` of
  a token's scope, which GitLab grants to maintainers and developers.
- `DELETE /projects/:id/registry/repositories/:repository_id/tags/:tag_name` and `DELETE .../:repository_id`, which
  answers 202 and deletes a while later (GitLab documentation, "Container registry API"). Personal, project and group
  access tokens go into PRIVATE-TOKEN, a job's into JOB-TOKEN; deploy tokens are not taken.
- `/v2/_catalog` is for administrators; projects and groups list their repositories through the API (same page).
- A repository belongs to the project whose path its name begins with (same documentation, "Naming convention").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar
from urllib.parse import quote, urlsplit

from jettison.client.credentials import Credentials
from jettison.client.errors import NotFound, Unsupported
from jettison.client.fields import integer_or_none, objects
from jettison.client.repository import Repository
from jettison.client.transport import Transport
from jettison.client.vendors.api import asking, challenge, signed_in
from jettison.client.vendors.vendor import Done, Limits, Signs, Vendor
from jettison.oci.reference import RepositoryName, Tag

JOB_USER = "gitlab-ci-token"
_realm = re.compile(r'realm="([^"]+)"')


class GitLab(Vendor):
    """GitLab, gitlab.com and self-managed."""

    name: ClassVar[str] = "gitlab"
    title: ClassVar[str] = "GitLab"
    limits: ClassVar[Limits] = Limits(
        deletes_repositories=True,
        tags_alone=True,
        lists=False,
        notes=("GitLab deletes a whole repository in the background",),
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        own = any(name.startswith("gitlab-container-registry-") for name in signs.headers)
        return own or "/jwt/auth" in signs.challenge

    def delete_tag(self, repository: Repository, tag: Tag) -> Done:
        older = repository.transport.request(
            "DELETE", f"{repository.path}/tags/reference/{tag}", scopes=repository.scopes("pull", "delete")
        )
        if older.ok:
            return Done("GitLab's DELETE of a tag reference")
        self._delete(repository, f"/tags/{tag}", f"delete {repository.name}:{tag}")
        return Done("GitLab's API")

    def delete_repository(self, repository: Repository, *, purge: bool) -> Done:
        self._delete(repository, "", f"delete the repository {repository.name}")
        return Done("GitLab's API, in the background", later=True)

    def repositories(self) -> Iterator[RepositoryName]:
        raise Unsupported(
            "GitLab lists all repositories to administrators only: name the repository, or ask "
            "GET /api/v4/groups/GROUP/registry/repositories or GET /api/v4/projects/PROJECT/registry/repositories"
        )

    def _delete(self, repository: Repository, place: str, doing: str) -> None:
        wanted = "a personal, project or group access token of the scope api"
        headers = _token(signed_in(self.registry, repository, self.title, wanted))
        with asking(self.registry, self._api()) as api:
            found = _find(api, repository.name, headers)
            api.request("DELETE", f"{found}{place}", headers=headers).check(doing)

    def _api(self) -> str:
        if self.api is not None:
            return self.api
        realm = _realm.search(challenge(self.registry, self.registry.ping().headers))
        if realm is None:
            raise Unsupported("the registry does not say which GitLab it belongs to: give its address with --api HOST")
        return urlsplit(realm[1]).netloc


def _token(credentials: Credentials) -> Mapping[str, str]:
    name = "JOB-TOKEN" if credentials.username == JOB_USER else "PRIVATE-TOKEN"
    return {name: credentials.password}


def _find(api: Transport, name: RepositoryName, headers: Mapping[str, str]) -> str:
    """The path of a repository in the API: the longest beginning of its name that is a project which has it."""
    components = str(name).split("/")
    for length in range(len(components), 0, -1):
        project = f"/api/v4/projects/{quote('/'.join(components[:length]), safe='')}/registry/repositories"
        for page in range(1, 1000):
            asked = {"per_page": "100", "page": str(page)}
            answer = api.request("GET", project, headers=headers, params=asked)
            if answer.status == 404:
                break
            listed = objects(answer.check(f"find {name} in GitLab").json())
            for each in listed:
                if each.get("path") == str(name):
                    return f"{project}/{integer_or_none(each, 'id')}"
            if len(listed) < 100:
                break
    raise NotFound(f"GitLab has no project with a repository {name}, or does not show it to this account")
