"""The races of uploads, each of the two in a replica of its own, with the bytes in a bucket."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import cast

import pytest

from jettison.blobs.bucket import LEAST_PART, Bucket
from tests.races import test_uploading
from tests.races.replicas import arena_of_replicas
from tests.races.scene import Arena, Scene
from tests.races.test_uploading import *  # noqa: F403
from tests.support.s3 import S3Engine

LARGE = {
    "PATCH and twin": test_uploading._PatchAndTwin,
    "PUT and twin": test_uploading._PutAndTwin,
    "empty PUT and twin": test_uploading._EmptyPutAndTwin,
    "PUT and cancelling": test_uploading._UploadAndCancel,
    "PUT and purge": test_uploading._UploadAndPurge,
    "PATCH and purge": test_uploading._PatchAndPurge,
}


@pytest.fixture(scope="module")
def bucket(s3_engine: S3Engine) -> Bucket:
    """A bucket in which each test has a place of its own, with parts as small as they may be."""
    return replace(s3_engine.bucket(), part_size=LEAST_PART)


@pytest.fixture
def arena(shared_url: str, bucket: Bucket) -> Iterator[Arena]:
    """Two replicas that share a database and a bucket."""
    with arena_of_replicas(shared_url, replace(bucket, prefix=uuid.uuid4().hex)) as made:
        yield made


class _Large(Scene):
    """What comes is a part and a tail."""

    crossing = False

    def content(self, text: str) -> bytes:
        return super().content(text) + bytes(LEAST_PART)


@pytest.mark.parametrize("kind", LARGE.values(), ids=LARGE)
def test_what_comes_in_parts_meets_the_same(arena: Arena, kind: type[Scene]) -> None:
    """Parts of two requests are never mixed, and none is left where the upload ends."""
    arena.play(cast(type[Scene], type(kind.__name__, (_Large, kind), {})))
