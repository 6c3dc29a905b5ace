"""Hashes of uploads that are under way, kept between two requests so that no byte is read again."""

from __future__ import annotations

import threading
from collections import OrderedDict

from jettison.oci.digest import Hash


class Hashes:
    """The hash of each upload so far, of the most recent ones: a forgotten one costs one reading at commit."""

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, tuple[int, Hash]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, upload: str, received: int, hashed: Hash) -> None:
        """Remember the hash of the first ``received`` bytes."""
        with self._lock:
            self._kept[upload] = (received, hashed)
            self._kept.move_to_end(upload)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def take(self, upload: str, received: int) -> Hash | None:
        """The hash of exactly the first ``received`` bytes, to go on with; None where it is not known."""
        with self._lock:
            kept = self._kept.pop(upload, None)
        return kept[1] if kept is not None and kept[0] == received else None
