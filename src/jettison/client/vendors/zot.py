"""zot.

- DELETE on `/v2` works by tag and by digest and answers 202; a tag alone goes, by digest all its tags
  (project-zot/zot, pkg/api/routes.go, `DeleteManifest`). Where several tags have one digest, an account that may not
  "detectManifestCollision" is answered 409 (same file; zot documentation, "User authentication and authorization").
- What an index or a referrer needs is answered 405 (zot documentation, "Retention").
- A repository is gone from `/v2/_catalog` when its last manifest has gone and garbage was collected ("Storage").
- `/v2/_oci/ext/discover` names the extension `_zot` (zot documentation, "Extensions").
"""

from __future__ import annotations

from typing import ClassVar

from jettison.client.answer import Answer
from jettison.client.errors import NotAllowed
from jettison.client.vendors.vendor import Limits, Signs, Vendor

DISCOVERY = "/v2/_oci/ext/discover"


class Zot(Vendor):
    """zot."""

    name: ClassVar[str] = "zot"
    title: ClassVar[str] = "zot"
    limits: ClassVar[Limits] = Limits(
        tags_alone=True, notes=("zot's garbage collection gives the space back, and takes the emptied name",)
    )

    @classmethod
    def recognises(cls, signs: Signs) -> bool:
        return "_zot" in signs.extensions

    def refusal(self, answer: Answer, doing: str) -> Exception | None:
        if answer.status != 409:
            return None
        return NotAllowed(
            f"cannot {doing}: several tags point at it, and zot lets this account delete no such version: delete it by "
            "tag, or use an account that may",
            status=409,
        )
