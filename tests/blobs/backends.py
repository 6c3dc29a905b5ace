"""The places that bytes can be kept in. Every one listed here must pass test_contract*.py."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.blobs.store import Blobs

Opener = Callable[[], Blobs]
"""Opens the same storage anew at each call, as a process does that starts after another's crash."""


@dataclass(frozen=True, slots=True)
class Backend:
    """One kind of storage: its name, the real parts it needs, and how a test gets an empty one."""

    name: str
    storage: Callable[[Path], AbstractContextManager[Opener]]
    needs: tuple[str, ...] = ()


@contextlib.contextmanager
def _filesystem(folder: Path) -> Iterator[Opener]:
    yield lambda: FilesystemBlobs(folder / "data")


BACKENDS = [
    Backend("filesystem", _filesystem),
]
