"""A zot."""

from __future__ import annotations

from typing import ClassVar

from tests.client.vendors.fake import Answered, Fake, Handler, Held, error


class FakeZot(Fake):
    """zot; `collisions` is whether the account may delete versions that have several tags.

    - DELETE by tag: 202, the tag alone; by digest 202 with all its tags, 409 where there are several and the account
      may not (project-zot/zot, pkg/api/routes.go, `DeleteManifest`, `detectManifestCollision`).
    - `/v2/_oci/ext/discover` names the extension `_zot` (zot documentation, "Extensions").
    - A repository without manifests is not listed after garbage collection ("Storage").
    """

    bearer: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.collisions = True

    def routes(self) -> list[tuple[str, str, Handler]]:
        named = {
            "extensions": [{"name": "_zot", "url": "https://zotregistry.dev", "endpoints": ["/v2/_zot/ext/search"]}]
        }
        return [("GET", r"/v2/_oci/ext/discover", lambda asked, _: self.allows(asked, "", "") or Answered(200, named))]

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if ":" not in reference:
            gone = held.tags.pop(reference, None)
            return Answered(202) if gone is not None else error(404, "MANIFEST_UNKNOWN")
        if not self.collisions and len(held.tagged(reference)) > 1:
            return error(409, "MANIFEST_INVALID", "manifest collision: several tags have this digest")
        held.drop(reference)
        return Answered(202)
