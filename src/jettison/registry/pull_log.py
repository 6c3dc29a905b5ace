"""When things were pulled: noted in memory, written in batches, so that no pull waits for a write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from jettison.metadata import pulls
from jettison.metadata.database import Database, Transaction


class PullLog:
    """Gathers the last pull of each manifest and tag until :meth:`flush`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._manifests: dict[int, float] = {}
        self._tags: dict[tuple[int, str], float] = {}

    def note(self, repository: int, manifest: int, tag: str | None) -> None:
        """Note a pull, now, of a manifest by its id, and of the tag of its repository by which it was asked for."""
        now = self._clock()
        with self._lock:
            self._manifests[manifest] = now
            if tag is not None:
                self._tags[repository, tag] = now

    def flush(self, database: Database) -> None:
        """Write what was noted. Raises Unavailable, the notes then being kept for the next time."""
        with self._lock:
            manifests, self._manifests = self._manifests, {}
            tags, self._tags = self._tags, {}
        if not manifests and not tags:
            return
        flushed_at = self._clock()

        def work(tx: Transaction) -> None:
            def at(noted: float) -> int:
                return tx.now - int((flushed_at - noted) * 1_000_000)

            pulls.record(
                tx,
                {manifest: at(noted) for manifest, noted in manifests.items()},
                {tag: at(noted) for tag, noted in tags.items()},
            )

        try:
            database.write(work, durable=False)
        except Exception:
            with self._lock:
                self._manifests = manifests | self._manifests
                self._tags = tags | self._tags
            raise
