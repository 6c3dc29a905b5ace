"""Amazon's registry."""

from __future__ import annotations

from typing import ClassVar

from tests.client.vendors.fake import Answered, Fake, Held, error


class FakeEcr(Fake):
    """Amazon ECR; `old` is as it was before DELETE was served.

    - HTTP Basic (Amazon ECR user guide, "Private registry authentication", "Using HTTP API authentication").
    - DELETE by tag takes the tag, with the last one the image; by digest the image with all its tags; an image that
      an index lists: ImageReferencedByManifestList (Amazon ECR API reference, "BatchDeleteImage", "ImageFailure").
    - Before 2022: 404 and a plain page (aws/containers-roadmap, issue 1229).
    """

    bearer: ClassVar[bool] = False

    def __init__(self, *, old: bool = False) -> None:
        super().__init__()
        self.old = old

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if self.old:
            return Answered(404, b"404 page not found\n", {"Content-Type": "text/plain"})
        digest = held.tags.get(reference, reference)
        if digest not in held.manifests:
            return error(404, "MANIFEST_UNKNOWN", "Requested image not found")
        last = ":" in reference or held.tagged(digest) == [reference]
        if last and held.parents(digest):
            return error(400, "UNSUPPORTED", "ImageReferencedByManifestList: image is referenced by manifest list")
        if last:
            held.drop(digest)
        else:
            del held.tags[reference]
        return Answered(202)

    def delete_unknown(self, reference: str) -> Answered:
        return self.delete_manifest(Held(), reference)
