"""A bucket by the address that clients have for it."""

from __future__ import annotations

from collections.abc import Mapping

from jettison.blobs.bucket import Bucket
from jettison.blobs.objects import Objects
from jettison.blobs.places import object_name
from jettison.blobs.store import Key
from jettison.http.redirects import OCTETS


class Public:
    """Signs URLs of ``bucket``, whose address the registry itself need not reach."""

    def __init__(self, bucket: Bucket) -> None:
        self._objects = Objects(bucket)

    def url(self, key: Key, lifetime: float, headers: Mapping[str, str]) -> str:
        """A signed URL of the object at ``key`` for ``lifetime`` seconds; of ``headers`` it sets Content-Type."""
        named = {"Bucket": self._objects.bucket.name, "Key": self._objects.full_name(object_name(key))}
        asked = {**named, "ResponseContentType": headers.get("Content-Type", OCTETS)}
        return self._objects.client.generate_presigned_url("get_object", Params=asked, ExpiresIn=int(lifetime))
