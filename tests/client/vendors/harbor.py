"""A Harbor of version 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import unquote

from tests.client.vendors.fake import Answered, Asked, Fake, Handler, Held, error


class FakeHarbor(Fake):
    """Harbor.

    - DELETE by tag: 400 UNSUPPORTED; by digest the artifact goes with its tags, unless an index lists it: 412
      (goharbor/harbor, src/server/registry/manifest.go `deleteManifest`; src/lib/http/error.go `codeMap`,
      ViolateForeignKeyConstraintCode).
    - The API takes HTTP Basic and no bearer token of the registry; its errors look like the registry's (swagger.yaml,
      "securityDefinitions", "Errors").
    - A tag that an immutability rule matches: 412 PRECONDITION, and so is whatever would take it (Harbor documentation,
      "Tag Immutability Rules").
    - The name of a repository is encoded twice (swagger.yaml, parameter "repositoryName").
    """

    bearer: ClassVar[bool] = True
    token_path: ClassVar[str] = "/service/token"
    service: ClassVar[str] = "harbor-registry"
    headers: ClassVar[Mapping[str, str]] = {**Fake.headers, "X-Request-Id": "1"}

    def __init__(self) -> None:
        super().__init__()
        self.immutable: set[str] = set()

    def routes(self) -> list[tuple[str, str, Handler]]:
        place = r"/api/v2\.0/projects/([^/]+)/repositories/([^/]+)"
        return [
            ("DELETE", place + r"/artifacts/([^/]+)/tags/([^/]+)", self._delete_tag),
            ("DELETE", place, self._delete_repository),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" not in reference:
            return error(400, "UNSUPPORTED", f"unsupported digest {reference}: invalid checksum digest format")
        if self.immutable & set(held.tagged(reference)):
            return error(412, "PRECONDITION", "the artifact matches an immutable rule")
        if held.parents(reference):
            return error(412, "VIOLATE_FOREIGN_KEY_CONSTRAINT", "the artifact is referenced by others")
        held.drop(reference)
        return Answered(202)

    def _delete_tag(self, asked: Asked, found: re.Match[str]) -> Answered:
        held, refusal = self._enter(asked, found)
        if held is None:
            return refusal
        reference, tag = found[3], found[4]
        if held.tags.get(tag) != held.tags.get(reference, reference):
            return error(404, "NOT_FOUND", f"the tag {tag} attached to the artifact not found")
        if tag in self.immutable:
            return error(412, "PRECONDITION", f"the tag {tag} configured as immutable, cannot be deleted")
        del held.tags[tag]
        return Answered(200)

    def _delete_repository(self, asked: Asked, found: re.Match[str]) -> Answered:
        held, refusal = self._enter(asked, found)
        if held is None:
            return refusal
        if self.immutable & held.tags.keys():
            return error(412, "PRECONDITION", "a tag is configured as immutable, cannot be deleted")
        del self.repositories[self._name(found)]
        return Answered(200)

    def _enter(self, asked: Asked, found: re.Match[str]) -> tuple[Held | None, Answered]:
        given = asked.basic
        if given is None or self.users.get(given[0]) != given[1]:
            return None, error(401, "UNAUTHORIZED", "unauthorized")
        if "%2F" in found[2]:
            return None, error(404, "NOT_FOUND", "path is not found")  # encoded once: the router splits it
        return self.repositories.get(self._name(found)), error(404, "NOT_FOUND", "repository not found")

    def _name(self, found: re.Match[str]) -> str:
        return f"{found[1]}/{unquote(unquote(found[2]))}"
