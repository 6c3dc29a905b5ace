"""CNCF distribution 2 as its binary was observed, for faults in the middle, which the binary does not have."""

from __future__ import annotations

from typing import ClassVar

from tests.client.vendors.fake import Answered, Fake, Held, error


class FakeDistribution(Fake):
    """CNCF distribution 2.8.

    - DELETE by tag: 400 DIGEST_INVALID; by digest 202, with all tags of the digest; where `storage.delete.enabled` is
      off, 405 UNSUPPORTED to any of them (observed on Debian's 2.8.2).
    """

    bearer: ClassVar[bool] = False

    def __init__(self, *, deleting: bool = True) -> None:
        super().__init__()
        self.enabled = deleting

    def delete_manifest(self, held: Held, reference: str) -> Answered:
        if not self.enabled:
            return error(405, "UNSUPPORTED", "The operation is unsupported.")
        if ":" not in reference:
            return error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        held.drop(reference)
        return Answered(202)

    def delete_unknown(self, reference: str) -> Answered:
        return super().delete_unknown(reference) if self.enabled else self.delete_manifest(Held(), reference)
