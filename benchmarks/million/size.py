"""How large a simulated registry is, and which row has which id."""

from __future__ import annotations

from dataclasses import dataclass

SHARING = 1000
"""Repositories that are built on one base layer."""

SPARE = 500
"""Repositories that are there to be deleted and swept."""


@dataclass(frozen=True, slots=True)
class Size:
    """So many ``repositories`` of ``versions`` manifests with a tag each, SPARE more, and one of ``large`` versions.

    Manifests have the ids 1 to ``manifests``, those of the large repository the last ones. The configuration of a
    manifest is the blob of the same id; then come a layer for each repository and the base layers.
    """

    repositories: int
    versions: int = 10
    large: int = 10_000

    @property
    def ordinary(self) -> int:
        """All repositories but the large one, whose id follows."""
        return self.repositories + SPARE

    @property
    def manifests(self) -> int:
        """All manifests, which are as many as tags."""
        return self.ordinary * self.versions + self.large

    @property
    def bases(self) -> int:
        """Base layers."""
        return max(1, self.repositories // SHARING)

    @property
    def first_layer(self) -> int:
        """The blob before the layer of the first repository."""
        return self.manifests

    @property
    def first_base(self) -> int:
        """The first base layer."""
        return self.first_layer + self.ordinary + 2

    @property
    def blobs(self) -> int:
        """All blobs."""
        return self.first_base + self.bases - 1


def name_of(repository: int) -> str:
    """The name of an ordinary repository; the order of names is not that of ids."""
    return f"team{repository % 1000}/app{repository}"


LARGE_NAME = "large/app"
