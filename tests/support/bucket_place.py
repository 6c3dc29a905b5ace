"""Where a test's replicas live: a PostgreSQL database and a bucket, which each of them opens for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jettison.blobs.bucket import Bucket
from jettison.blobs.s3 import S3Blobs
from tests.support.place import Place


class BucketPlace(Place):
    """A place whose bytes are in ``bucket``."""

    def __init__(self, folder: Path, url: str, clock: Callable[[], int], bucket: Bucket) -> None:
        super().__init__(folder, url, clock)
        self.bucket = bucket
        self._looking = S3Blobs(bucket)

    @property
    def uploads(self) -> list[str]:
        """The ids of the uploads that have a mark."""
        return sorted(self._looking.uploads())

    @property
    def parts(self) -> list[str]:
        """The keys of blobs of which multipart uploads run."""
        objects = self._looking.objects
        page = objects.client.list_multipart_uploads(Bucket=self.bucket.name, Prefix=objects.full_name("blobs/"))
        return sorted({each["Key"].rpartition("/")[2] for each in page.get("Uploads", [])})

    def open_blobs(self) -> S3Blobs:
        """The bucket, as another replica opens it."""
        return S3Blobs(self.bucket)

    def close(self) -> None:
        super().close()
        self._looking.close()
