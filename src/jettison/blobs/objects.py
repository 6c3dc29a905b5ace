"""The objects of a bucket, below its prefix: what is put, looked at, listed and deleted."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from jettison.blobs.answers import Refused, answered
from jettison.blobs.bucket import Bucket

if TYPE_CHECKING:
    from botocore.response import StreamingBody

_UPLOAD = "jettison-upload"
_MD5 = "jettison-md5"


@dataclass(frozen=True, slots=True)
class Object:
    """What a bucket says of an object, without its bytes."""

    size: int
    etag: str
    stored_at: float
    """Seconds since 1970; of a multipart upload, on some engines, when it began."""
    upload: str
    """The id of the upload that has put it; empty where something else has."""
    md5: str
    """Of its bytes, where it was put as a whole; else empty."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The bytes of an object that has ``size``, from the place asked for."""

    body: StreamingBody
    size: int


class Objects:
    """The objects of ``bucket``; names are without its prefix. Every method raises Unreachable and NoSpace.

    Raises what botocore does for values that no client can be made of.
    """

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.client = bucket.client()
        self.conditional = True
        """Whether the engine knows If-None-Match when it writes."""
        self._before = f"{bucket.prefix}/" if bucket.prefix else ""

    def full_name(self, name: str) -> str:
        """The name of an object in its bucket."""
        return f"{self._before}{name}"

    def put(self, name: str, body: bytes | bytearray, upload: str = "", *, once: bool = False) -> None:
        """Put an object; with ``once`` only where there is none (where the engine knows how): Refused, is_taken."""
        md5 = hashlib.md5(body, usedforsecurity=False)
        asked = self.stored(upload, md5.hexdigest())
        if once and self.conditional:
            asked["IfNoneMatch"] = "*"
        with answered():
            self.client.put_object(
                Bucket=self.bucket.name,
                Key=self.full_name(name),
                Body=cast(bytes, body),
                ContentMD5=base64.b64encode(md5.digest()).decode(),
                **asked,
            )

    def stored(self, upload: str, md5: str = "") -> dict[str, Any]:
        """How an object is to be stored, and who it is of: what is asked for when it is put, or its multipart begun."""
        metadata = {name: value for name, value in ((_UPLOAD, upload), (_MD5, md5)) if value}
        asked: dict[str, Any] = {"ContentType": "application/octet-stream", "Metadata": metadata}
        if self.bucket.storage_class:
            asked["StorageClass"] = self.bucket.storage_class
        if self.bucket.encrypt:
            asked["ServerSideEncryption"] = "aws:kms" if self.bucket.key_id else "AES256"
        if self.bucket.encrypt and self.bucket.key_id:
            asked["SSEKMSKeyId"] = self.bucket.key_id
        return asked

    def look(self, name: str) -> Object | None:
        """What is known of an object; None where there is none."""
        try:
            with answered():
                found = self.client.head_object(Bucket=self.bucket.name, Key=self.full_name(name))
        except Refused as refused:
            if refused.is_missing:
                return None
            raise
        about = found.get("Metadata", {})
        return Object(
            found["ContentLength"],
            found["ETag"].strip('"'),
            found["LastModified"].timestamp(),
            about.get(_UPLOAD, ""),
            about.get(_MD5, ""),
        )

    def open(self, name: str, start: int = 0, stop: int | None = None) -> Opened | None:
        """The bytes from ``start``, and to before ``stop`` at least; None where there is no such object.

        There must be a byte at ``start``, else Refused says InvalidRange, unless it is 0 and ``stop`` None.
        """
        asked: dict[str, Any] = {}
        if start or stop is not None:
            asked["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
        try:
            with answered():
                found = self.client.get_object(Bucket=self.bucket.name, Key=self.full_name(name), **asked)
        except Refused as refused:
            if refused.is_missing:
                return None
            raise
        # "bytes 0-9/100": RFC 9110, 14.4.
        size = int(found["ContentRange"].rpartition("/")[2]) if asked else found["ContentLength"]
        return Opened(found["Body"], size)

    def read(self, name: str) -> bytes | None:
        """All bytes of a small object; None where there is none."""
        found = self.open(name)
        if found is None:
            return None
        with answered():
            return found.body.read()

    def delete(self, name: str) -> None:
        """Delete an object. Nothing there is success."""
        with answered():
            self.client.delete_object(Bucket=self.bucket.name, Key=self.full_name(name))

    def list(self, before: str) -> Iterator[tuple[str, int]]:
        """The names that begin with ``before``, and the objects' sizes, a page at a time."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket.name, Prefix=self.full_name(before)
        )
        for page in _each(iter(pages)):
            for found in page.get("Contents", []):
                yield found["Key"][len(self._before) :], found["Size"]


def _each(pages: Iterator[Any]) -> Iterator[Any]:
    while True:
        with answered():
            page = next(pages, None)
        if page is None:
            return
        yield page
