"""Where the disk went: all bytes at rest by what keeps them, and what each repository has."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import space
from jettison.metadata.space import Partition, Share
from jettison.oci.errors import Json, NameUnknown
from jettison.oci.reference import RepositoryName
from jettison.registry.registry import Registry


@dataclass(frozen=True, slots=True)
class RepositoryUsage:
    """What a repository has. ``exclusive`` bytes are in no other live repository, ``shared`` ones are."""

    name: str
    exclusive: int
    shared: int
    tags: int
    versions: int

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "repository": self.name,
            "bytes": {"exclusive": self.exclusive, "shared": self.shared},
            "tags": self.tags,
            "versions": self.versions,
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """All bytes at rest, and the repositories that have any of them, by name."""

    bytes: Partition
    repositories: tuple[RepositoryUsage, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object; ``total`` is the sum of the other bytes, and what lies on the disk."""
        bytes_: dict[str, Json] = {
            "exclusive": self.bytes.exclusive,
            "shared": self.bytes.shared,
            "undo": self.bytes.undo,
            "garbage": self.bytes.garbage,
            "uploads": self.bytes.uploads,
            "total": self.bytes.total,
        }
        return {"bytes": bytes_, "repositories": [each.to_json() for each in self.repositories]}


def usage(registry: Registry) -> Usage:
    """All bytes at rest, as of one moment; see docs/design/space.md for what each number counts."""
    bytes_, shares = registry.database.read(space.of_all, snapshot=True)
    return Usage(bytes_, tuple(_of(share) for share in shares))


def usage_of(registry: Registry, name: RepositoryName) -> RepositoryUsage:
    """What one live repository has. Raises NameUnknown."""
    share = registry.database.read(lambda tx: space.of_one(tx, name.value), snapshot=True)
    if share is None:
        message = f"there is no repository {name}; what deletions still hold is not counted by repository"
        raise NameUnknown(message, {"name": str(name)})
    return _of(share)


def _of(share: Share) -> RepositoryUsage:
    return RepositoryUsage(share.name, share.exclusive, share.shared, share.tags, share.manifests)
