"""The places that bytes can be kept in. Every one listed here must pass test_contract*.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.s3 import S3Blobs
from jettison.blobs.store import Blobs
from tests.support.s3 import S3Engine

Opener = Callable[[], Blobs]
"""Opens the same storage anew at each call, as a process does that starts after another's crash."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One kind of storage: its name, the real parts it needs, and how a test gets an empty one."""

    name: str
    storage: Callable[[Path, pytest.FixtureRequest], Opener]
    needs: tuple[str, ...] = ()


def _filesystem(folder: Path, _: pytest.FixtureRequest) -> Opener:
    return lambda: FilesystemBlobs(folder / "data")


def _s3(_: Path, request: pytest.FixtureRequest) -> Opener:
    engine: S3Engine = request.getfixturevalue("s3_engine")
    bucket = engine.bucket(prefix="some/where")
    return lambda: S3Blobs(bucket)


BACKENDS = [
    Backend("filesystem", _filesystem),
    Backend("s3", _s3, needs=("s3",)),
]
