"""What lies in a bucket, as whoever looks for a tree of CNCF distribution in it has to see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jettison.blobs.answers import answered
from jettison.blobs.bucket import Bucket
from jettison.blobs.objects import Objects

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing tells it: its name below what was listed, and when it was written (microseconds)."""

    name: str
    size: int
    etag: str
    written_at: int


class BucketListing:
    """The objects of ``bucket`` below its prefix. For any number of threads; every method raises Unreachable."""

    def __init__(self, bucket: Bucket) -> None:
        self._objects = Objects(bucket)
        self.place = "/".join(part for part in (f"bucket {bucket.name}", bucket.prefix) if part)
        """Where they lie, for people."""

    def all(self, before: str) -> Iterator[Listed]:
        """All objects whose names begin with ``before``, in the order of their names' bytes."""
        for page in self._pages(before):
            for found in page.get("Contents", []):
                yield self._listed(found, before)

    def some(self, before: str, most: int) -> list[Listed]:
        """The first ``most`` of them; at most 1000, which is one request."""
        page = self._page(before, MaxKeys=most)
        return [self._listed(found, before) for found in page.get("Contents", [])]

    def level(self, before: str) -> tuple[list[str], list[Listed]]:
        """What comes after ``before`` up to the next slash: names that go on behind one, and objects that do not."""
        folders: list[str] = []
        objects: list[Listed] = []
        start = len(self._objects.full_name(before))
        for page in self._pages(before, Delimiter="/"):
            folders += [found["Prefix"][start:-1] for found in page.get("CommonPrefixes", [])]
            objects += [self._listed(found, before) for found in page.get("Contents", [])]
        return folders, objects

    def read(self, name: str, most: int) -> tuple[int, bytes | None] | None:
        """The size of an object, and its bytes where these are not more than ``most``; None where there is none."""
        found = self._objects.open(name)
        if found is None:
            return None
        with answered():
            if found.size > most:
                found.body.close()
                return found.size, None
            return found.size, found.body.read()

    def put(self, name: str, content: bytes) -> None:
        """Write a small object. Raises NoSpace."""
        self._objects.put(name, content)

    def _pages(self, before: str, **more: Any) -> Iterator[ListObjectsV2OutputTypeDef]:
        page = self._page(before, **more)
        yield page
        while page.get("IsTruncated"):
            page = self._page(before, ContinuationToken=page["NextContinuationToken"], **more)
            yield page

    def _page(self, before: str, **more: Any) -> ListObjectsV2OutputTypeDef:
        with answered():
            return self._objects.client.list_objects_v2(
                Bucket=self._objects.bucket.name, Prefix=self._objects.full_name(before), **more
            )

    def _listed(self, found: ObjectTypeDef, before: str) -> Listed:
        name = found["Key"][len(self._objects.full_name(before)) :]
        return Listed(name, found["Size"], found["ETag"].strip('"'), int(found["LastModified"].timestamp() * 1_000_000))
