"""A picture of the disk: what takes it, what comes back and when, and how that went over the last days."""

from __future__ import annotations

from dataclasses import dataclass

from jettison.metadata import disk as counted
from jettison.metadata import overview
from jettison.metadata.database import Transaction
from jettison.metadata.disk import Day, Shared
from jettison.metadata.overview import ALL, Order, Sort
from jettison.metadata.space import Partition, Returning
from jettison.oci.errors import Json
from jettison.registry.counting import count_disk
from jettison.registry.overview import Summary, summary
from jettison.registry.registry import Registry
from jettison.registry.times import rfc3339

__all__ = ["DAYS", "LARGEST", "Day", "Disk", "Partition", "Returning", "Shared", "disk"]

DAYS = 30
LARGEST = 100
"""Repositories that the picture names; the rest is in the sums."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The picture, as of ``counted_at`` (microseconds since 1970); each repository has a time of its own.

    ``repositories`` have the most exclusive bytes, the most first; ``shared`` blobs are the largest that several
    have; ``returning`` is what comes back by itself. ``days`` are the last ones, the oldest first, without those on
    which nothing was counted.
    """

    counted_at: int
    bytes: Partition
    returning: tuple[Returning, ...]
    repositories: tuple[Summary, ...]
    shared: tuple[Shared, ...]
    days: tuple[Day, ...]

    def to_json(self) -> dict[str, Json]:
        """As a JSON object."""
        return {
            "counted_at": rfc3339(self.counted_at),
            "bytes": partition_json(self.bytes),
            "returning": [
                {
                    "why": each.why,
                    "blobs": each.blobs,
                    "bytes": each.bytes,
                    "first": rfc3339(each.first),
                    "last": rfc3339(each.last),
                }
                for each in self.returning
            ],
            "repositories": [each.to_json() for each in self.repositories],
            "shared": [
                {"digest": str(each.digest), "size": each.size, "repositories": each.repositories}
                for each in self.shared
            ],
            "days": [{"counted_at": rfc3339(day.counted_at), "bytes": partition_json(day.bytes)} for day in self.days],
        }


def disk(registry: Registry) -> Disk:
    """The picture of the disk as it was last counted; counted now where it never was. For administrators."""

    def work(tx: Transaction) -> Disk:
        last = counted.last(tx) or count_disk(tx)
        largest = overview.page(tx, ALL, Order(Sort.EXCLUSIVE, downwards=True), LARGEST)
        days = tuple(counted.days(tx, DAYS)) or (Day(last.counted_at, last.bytes),)
        return Disk(
            last.counted_at, last.bytes, last.returning, tuple(summary(each) for each in largest), last.shared, days
        )

    return registry.database.read(work, snapshot=True)


def partition_json(parts: Partition) -> dict[str, Json]:
    """The bytes as a JSON object, with their sum."""
    return {
        "exclusive": parts.exclusive,
        "shared": parts.shared,
        "undo": parts.undo,
        "garbage": parts.garbage,
        "uploads": parts.uploads,
        "total": parts.total,
    }
