"""Azure Container Registry."""

from __future__ import annotations

import json
import re
from typing import ClassVar

from tests.client.vendors.fake import Answered, Asked, Fake, Handler, Held, error


class FakeAcr(Fake):
    """Azure Container Registry.

    - DELETE by tag: 405 UNSUPPORTED; by digest it goes with its tags and its referrers (fluxcd/pkg, pull request 328;
      "Manage OCI artifacts", "Delete all artifacts in the graph").
    - `DELETE /acr/v1/{name}/_tags/{tag}` and `DELETE /acr/v1/{name}`: 202, 404; the scope is
      `repository:{name}:delete` (Azure REST API, Container Registry, "Tag - Delete", "Repository - Delete").
    - What is locked: 405 REGISTRY_DISALLOWED_OPERATION, whichever way it is asked (Azure/acr-cli, issue 70).
    """

    bearer: ClassVar[bool] = True
    token_path: ClassVar[str] = "/oauth2/token"

    def __init__(self) -> None:
        super().__init__()
        self.locked: set[str] = set()

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("DELETE", r"/acr/v1/(.+)/_tags/([^/]+)", self._delete_tag),
            ("DELETE", r"/acr/v1/(.+)", self._delete_repository),
        ]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" not in reference:
            return error(405, "UNSUPPORTED", "The operation is unsupported.")
        if self.locked & {reference, *held.tagged(reference)}:
            return _disallowed()
        for digest, (content, _) in list(held.manifests.items()):
            if (json.loads(content).get("subject") or {}).get("digest") == reference:
                held.drop(digest)
        held.drop(reference)
        return Answered(202)

    def _delete_tag(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self.allows(asked, "delete", found[1])
        if refusal is not None:
            return refusal
        held = self.repositories.get(found[1], Held())
        if found[2] in self.locked:
            return _disallowed()
        return Answered(202) if held.tags.pop(found[2], None) is not None else error(404, "TAG_UNKNOWN")

    def _delete_repository(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self.allows(asked, "delete", found[1])
        if refusal is not None:
            return refusal
        if self.locked & self.tags(found[1]).keys():
            return _disallowed()
        if self.repositories.pop(found[1], None) is None:
            return error(404, "NAME_UNKNOWN")
        return Answered(202, {"manifestsDeleted": [], "tagsDeleted": []})


def _disallowed() -> Answered:
    return error(
        405, "REGISTRY_DISALLOWED_OPERATION", "The operation is disallowed on this registry, repository or image."
    )
