"""Which request came last to an upload, of the most recent ones: it has the session, whoever gets to work first."""

from __future__ import annotations

import threading
from collections import OrderedDict


class Arrivals:
    """Numbers requests as they come. What is forgotten, or comes to another process, the session's row decides."""

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._last: OrderedDict[str, int] = OrderedDict()
        self._number = 0
        self._lock = threading.Lock()

    def note(self, upload: str) -> int:
        """A request for ``upload`` has come; its number."""
        with self._lock:
            self._number += 1
            self._last[upload] = self._number
            self._last.move_to_end(upload)
            if len(self._last) > self._capacity:
                self._last.popitem(last=False)
            return self._number

    def is_last(self, upload: str, number: int) -> bool:
        """Whether no other request for ``upload`` came after that one."""
        return self._last.get(upload, number) == number
