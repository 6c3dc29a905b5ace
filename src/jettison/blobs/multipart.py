"""Multipart uploads of one object, and what is written down of one so that any process can go on with it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from jettison.blobs.answers import Refused, answered
from jettison.blobs.objects import Objects
from jettison.blobs.store import TooLong

LAST_NUMBER = 10_000
"""S3, "Multipart upload limits"."""

_SPREAD = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """A part that the engine has, with what it calls it (``etag``) and what it is (``md5``)."""

    number: int
    size: int
    md5: str
    etag: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is: its parts, then a tail that is an object of its own. Empty: nothing yet."""

    multipart: str = ""
    parts: tuple[Part, ...] = ()
    tail: str = ""
    tail_size: int = 0
    stale: tuple[str, ...] = ()
    """Tails that nobody needs once this progress is recorded."""

    @property
    def size(self) -> int:
        """Bytes so far."""
        return sum(part.size for part in self.parts) + self.tail_size

    def dump(self) -> str:
        """As the upload's row keeps it."""
        parts = [[part.number, part.size, part.md5, *([part.etag] * (part.etag != part.md5))] for part in self.parts]
        found = {"m": self.multipart, "p": parts, "t": self.tail, "n": self.tail_size, "s": self.stale}
        return json.dumps({name: value for name, value in found.items() if value}, separators=(",", ":"))


def load(state: str | None) -> Progress:
    """The progress that was dumped; None is none."""
    if state is None:
        return Progress()
    found: dict[str, Any] = json.loads(state)
    parts = tuple(Part(each[0], each[1], each[2], each[-1]) for each in found.get("p", []))
    return Progress(found.get("m", ""), parts, found.get("t", ""), found.get("n", 0), tuple(found.get("s", [])))


def begin(objects: Objects, name: str, upload: str) -> str:
    """The id of a new multipart upload of the object ``name``."""
    with answered():
        begun = objects.client.create_multipart_upload(
            Bucket=objects.bucket.name, Key=objects.full_name(name), **objects.stored(upload)
        )
    return begun["UploadId"]


def send(objects: Objects, name: str, multipart: str, before: Sequence[Part], body: bytes | bytearray) -> Part:
    """Send one more part, after those ``before``. Raises Refused (is_ended), TooLong.

    Its number is one of the next few, drawn: two that go on from the same progress seldom send under one number. Where
    they do, the later part takes the place of the earlier, and completing with the earlier one's ETag is refused.
    """
    last = before[-1].number if before else 0
    if last >= LAST_NUMBER:
        raise TooLong(
            f"the upload has as many parts as S3 takes, of {objects.bucket.part_size} bytes: raise storage.s3.chunksize"
        )
    number = last + 1 + random.randrange(max(1, (LAST_NUMBER - last) // _SPREAD))  # noqa: S311 - nobody may not guess it
    md5 = hashlib.md5(body, usedforsecurity=False)
    with answered():
        sent = objects.client.upload_part(
            Bucket=objects.bucket.name,
            Key=objects.full_name(name),
            UploadId=multipart,
            PartNumber=number,
            Body=cast(bytes, body),
            ContentMD5=base64.b64encode(md5.digest()).decode(),
        )
    return Part(number, len(body), md5.hexdigest(), sent["ETag"].strip('"'))


def complete(objects: Objects, name: str, multipart: str, parts: Iterable[Part]) -> None:
    """Make the parts the object. Raises Refused: is_ended, is_taken, or with the code InvalidPart."""
    listed: Any = [{"PartNumber": part.number, "ETag": f'"{part.etag}"'} for part in parts]
    asked: dict[str, Any] = {"IfNoneMatch": "*"} if objects.conditional else {}
    with answered():
        objects.client.complete_multipart_upload(
            Bucket=objects.bucket.name,
            Key=objects.full_name(name),
            UploadId=multipart,
            MultipartUpload={"Parts": listed},
            **asked,
        )


def abort_all(objects: Objects, name: str) -> None:
    """Abort every multipart upload of the object ``name``, whoever began it."""
    for multipart in list(running(objects, name)):
        try:
            with answered():
                objects.client.abort_multipart_upload(
                    Bucket=objects.bucket.name, Key=objects.full_name(name), UploadId=multipart
                )
        except Refused as refused:
            if not refused.is_ended:
                raise


def running(objects: Objects, name: str) -> Iterator[str]:
    """The ids of the multipart uploads of the object ``name``."""
    full = objects.full_name(name)
    with answered():
        for page in objects.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=objects.bucket.name, Prefix=full
        ):
            yield from (found["UploadId"] for found in page.get("Uploads", []) if found["Key"] == full)


def etag_of(md5s: Sequence[str]) -> str:
    """The ETag that an engine gives an object of parts with these sums, unless it encrypts them in a way of its own."""
    digests = b"".join(map(bytes.fromhex, md5s))
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(md5s)}"
