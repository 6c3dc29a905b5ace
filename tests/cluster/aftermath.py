"""What replicas have left in their database and their bucket, once all time has passed: what manifests need."""

from __future__ import annotations

import time
from contextlib import closing

from jettison.blobs.bucket import Bucket
from jettison.blobs.s3 import S3Blobs
from jettison.metadata.postgres import PostgresDatabase
from jettison.oci.digest import Digest
from jettison.registry.registry import Registry
from tests.crashes.aftermath import nothing_is_left_over


def nothing_is_left_in(url: str, bucket: Bucket, needed: set[bytes] | None = None) -> set[Digest]:
    """Sweep when all leases and undo windows are over; no object and no part is there that no row names.

    No replica may run. ``needed`` are the blobs that are to be left, where they are known; returns those that are.
    """
    shift = [0]

    def advance(length: int) -> None:
        shift[0] += length

    database = PostgresDatabase(url, clock=lambda: int(time.time() * 1_000_000) + shift[0])
    with closing(Registry(database, S3Blobs(bucket))) as registry:
        nothing_is_left_over(registry, advance, needed)
        held = {Digest.unpack(row[0]) for row in database.read(lambda tx: tx.all("select digest from blob"))}
        [(stored,)] = database.read(lambda tx: tx.all("select count(*) from stored"))
    with closing(bucket.client()) as client:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
        objects = [each["Key"] for page in pages for each in page.get("Contents", [])]
        assert len(objects) == stored, f"the bucket has {len(objects)} objects for {stored} rows"
        assert client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", []) == []
    return held
