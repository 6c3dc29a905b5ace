"""Files beneath a database: locked by one process at a time, and still the ones that were opened."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jettison.oci.errors import Unavailable

POLL_SECONDS = 0.001


class FileLock:
    """A lock on the file ``path``, which is made, for one process at a time. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Hold it, having waited for so long at most. Raises Unavailable, caused by BlockingIOError."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise Unavailable("the database is locked by another process; try again") from error
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


class OpenedFile:
    """The file that an open descriptor, which is not ours, was opened by: whether its name still leads to it.

    A file that was deleted or replaced goes on taking writes for as long as it is open, and all of them are lost.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity: tuple[int, int] | None = None

    def check(self) -> None:
        """Raise Unavailable unless it is there, and the one that it was at the first call."""
        try:
            found = self._path.stat()
        except OSError as error:
            raise Unavailable(
                f"the database's file {self._path.name} is gone: put it back, or bring back a backup and start again"
            ) from error
        identity = (found.st_dev, found.st_ino)
        if self._identity is None:
            self._identity = identity
        if self._identity != identity:
            raise Unavailable(f"the database's file {self._path.name} was replaced: start the server again")
