"""Space that is kept for a full disk: a file that is given up when a write to the database finds none left.

Whoever filled the disk needs to delete, and a deletion is a write. Uploads stop earlier (see `blobs/filesystem.py`), so
that what is given up here is left to deletions and to the sweep.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

LARGEST = 8 * 1024 * 1024
"""Bytes: more than the log of an SQLite database grows to between two checkpoints."""

RESERVE_DIVISOR = 50
"""Of a small disk no more than one part of so many is kept."""

RETRY_SECONDS = 10.0


class Reserve:
    """The file ``path``, made when there is plenty of room for it. One holder at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._held = False
        self._tried_at = float("-inf")

    def hold(self) -> None:
        """Have the space taken, unless it is, or that was tried a moment ago; where there is little, not yet."""
        if self._held or time.monotonic() - self._tried_at < RETRY_SECONDS:
            return
        with self._lock:
            self._tried_at = time.monotonic()
            try:
                self._held = self._take()
            except OSError:
                # Full, after all, or of a kind that cannot allocate: nothing depends on it until a write fails.
                self._path.unlink(missing_ok=True)

    def _take(self) -> bool:
        disk = os.statvfs(self._path.parent)
        size = min(LARGEST, disk.f_blocks * disk.f_frsize // RESERVE_DIVISOR)
        if self._path.exists() and self._path.stat().st_size >= size:
            return True
        if disk.f_bavail * disk.f_frsize < 4 * size:
            return False
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)
        return True

    def release(self) -> bool:
        """Give the space up; False where there is none to give."""
        with self._lock:
            self._held, self._tried_at = False, time.monotonic()
            try:
                self._path.unlink()
            except OSError:
                return False
            return True
