"""What this process has done since it began, in numbers that only grow, for whoever watches."""

from __future__ import annotations

import threading
from collections import Counter


class Tally:
    """Counts what the rules of one registry did: deletions by their kind, and what sweeps freed. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deletions: Counter[str] = Counter()
        self._files = 0
        self._bytes = 0

    def deleted(self, kind: str) -> None:
        """A deletion was carried out."""
        with self._lock:
            self._deletions[kind] += 1

    def freed(self, files: int, bytes: int) -> None:
        """A sweep has deleted so many files, of so many bytes."""
        with self._lock:
            self._files += files
            self._bytes += bytes

    @property
    def deletions(self) -> dict[str, int]:
        """How many deletions there were of each kind (repository, tag, manifest, blob, many)."""
        with self._lock:
            return dict(self._deletions)

    @property
    def files(self) -> int:
        """How many files were deleted."""
        return self._files

    @property
    def bytes(self) -> int:
        """The bytes of those files."""
        return self._bytes
