"""A blob of a repository, read when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jettison.oci.digest import Digest

if TYPE_CHECKING:
    from jettison.client.repository import Repository

LARGEST_READ: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob; making one asks the registry nothing."""

    repository: Repository
    digest: Digest

    def size(self) -> int:
        """Its size in bytes. Raises NotFound."""
        return self.repository.blob_size(self.digest)

    def read(self, largest: int = LARGEST_READ) -> bytes:
        """All its bytes, which have its digest. Raises NotFound, and Untrustworthy for more than `largest` bytes."""
        return self.repository.read_blob(self.digest, largest)

    def stream(self) -> Iterator[bytes]:
        """Its bytes, piece by piece.

        Raises NotFound, and at the end Untrustworthy where they do not have its digest: what came before was a lie.
        """
        return self.repository.stream_blob(self.digest)
