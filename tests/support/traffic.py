"""What others do to a registry meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Traffic(threading.Thread):
    """Calls ``act`` with 1, 2, 3 ... until it is ended; :meth:`end` raises what went wrong, if anything did."""

    def __init__(self, act: Callable[[int], object]) -> None:
        super().__init__(daemon=True)
        self.rounds = 0
        self._act = act
        self._ended = threading.Event()
        self._error: BaseException | None = None

    def run(self) -> None:
        """The thread's work."""
        try:
            while not self._ended.is_set():
                self.rounds += 1
                self._act(self.rounds)
        except BaseException as error:  # noqa: BLE001 - whoever ends it raises it
            self._error = error

    def end(self) -> None:
        """Wait until it has stopped."""
        self._ended.set()
        self.join()
        if self._error is not None:
            raise self._error
