"""A Quay."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import ClassVar

from tests.client.vendors.fake import Answered, Asked, Fake, Handler, Held, error

OAUTH_TOKEN = "an-oauth-token"


class FakeQuay(Fake):
    """Quay; `old` has no DELETE by tag.

    - DELETE by tag: 202, the tag alone; before 3.10 no such route: 405, a page of HTML. By digest all tags go; a
      manifest without a tag is 404 (quay/quay, endpoints/v2/manifest.py). Both take `push`, and there is no action
      `delete`.
    - The API takes an OAuth token: 204, 401 without one, 403 where its scope is too small, 404; errors are
      `{"message", "error_type"}` (Red Hat Quay API reference, "deleteFullTag", "deleteRepository").
    """

    bearer: ClassVar[bool] = True
    deleting: ClassVar[str] = "push"
    token_path: ClassVar[str] = "/v2/auth"
    headers: ClassVar[Mapping[str, str]] = {"Docker-Distribution-API-Version": "registry/2.0"}

    def __init__(self, *, old: bool = False) -> None:
        super().__init__()
        self.old = old
        self.scopes = {"repo:write", "repo:admin"}

    def routes(self) -> list[tuple[str, str, Handler]]:
        return [
            ("DELETE", r"/api/v1/repository/(.+)/tag/([^/]+)", self._delete_tag),
            ("DELETE", r"/api/v1/repository/(.+)", self._delete_repository),
        ]

    def grants(self, asked: Asked, actions: list[str]) -> list[str]:
        return [action for action in actions if action in {"pull", "push", "*"}]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" in reference:
            if not held.tagged(reference):
                return error(404, "MANIFEST_UNKNOWN")
            held.drop(reference)
            return Answered(202)
        if self.old:
            return Answered(405, b"<!doctype html><title>405 Method Not Allowed</title>", {"Content-Type": "text/html"})
        if held.tags.pop(reference, None) is None:
            return error(404, "MANIFEST_UNKNOWN")
        return Answered(202)

    def _delete_tag(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked, found[1], "repo:write")
        if refusal is not None:
            return refusal
        if self.repositories[found[1]].tags.pop(found[2], None) is None:
            return _problem(404, "not_found")
        return Answered(204)

    def _delete_repository(self, asked: Asked, found: re.Match[str]) -> Answered:
        refusal = self._refusal(asked, found[1], "repo:admin")
        if refusal is None:
            del self.repositories[found[1]]
        return refusal or Answered(204)

    def _refusal(self, asked: Asked, name: str, scope: str) -> Answered | None:
        if asked.bearer != OAUTH_TOKEN:
            return _problem(401, "invalid_token")
        if scope not in self.scopes:
            return _problem(403, "insufficient_scope")
        return None if name in self.repositories else _problem(404, "not_found")


def _problem(status: int, kind: str) -> Answered:
    body = {"status": status, "error_type": kind, "message": kind.replace("_", " ")}
    return Answered(status, json.dumps(body).encode(), {"Content-Type": "application/problem+json"})
