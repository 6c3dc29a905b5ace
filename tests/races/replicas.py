"""Races between replicas: each of the two has a process's own things for itself, and a bucket is all they share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from jettison.blobs.bucket import Bucket
from jettison.blobs.s3 import S3Blobs
from jettison.registry.registry import Registry
from tests.races.scene import Arena
from tests.support.bucket_place import BucketPlace
from tests.support.clock import Clock
from tests.support.interleaving import Stage, acting
from tests.support.place import empty

OWN = ("blobs", "hashes", "arrivals")
"""What a registry has that no other process knows of."""


class Own:
    """Stands for the same thing of several processes: whoever plays a side has that of its own."""

    def __init__(self, each: Sequence[object]) -> None:
        self._each = each

    def __getattr__(self, name: str) -> Any:
        act = acting()
        return getattr(self._each[0 if act is None else act.side], name)


def apart(registries: Sequence[Registry]) -> Registry:
    """One registry for a test, which is the first for whoever prepares and judges, and another for each side."""
    own = {name: cast(Any, Own([getattr(each, name) for each in registries])) for name in OWN}
    return replace(registries[0], **own)


def stop_at_requests(blobs: S3Blobs) -> None:
    """Have each request to the bucket be a step."""

    def step(model: Any, **_: object) -> None:
        act = acting()
        if act is not None and not act.points:
            act.step(f"s3.{model.name}")

    blobs.objects.client.meta.events.register("before-call.s3", step)


@contextmanager
def arena_of_replicas(url: str, bucket: Bucket) -> Iterator[Arena]:
    """Where two replicas of that database and that bucket meet: at points, and between requests to the bucket."""
    empty(url)
    clock = Clock()
    with (
        TemporaryDirectory(prefix="jettison-test-") as folder,
        closing(BucketPlace(Path(folder), url, clock, bucket)) as place,
    ):
        registries = [place.open_registry() for _ in range(3)]
        for each in registries[1:]:
            stop_at_requests(cast(S3Blobs, each.blobs))
        with closing(Stage(None, coarse=True)) as stage:
            yield Arena(place, apart(registries), clock, stage, thorough=True)
