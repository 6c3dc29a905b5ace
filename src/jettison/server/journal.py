"""Where log lines go: gathered in memory, written by a thread of their own."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import Self

GATHERED_SECONDS = 0.02
MOST_LINES = 20_000


class Journal:
    """Lines for a file descriptor (standard error), on which nobody who logs ever waits.

    Where the reader of the descriptor is slower than the log for long, lines are dropped, and their number is told.
    A context manager: leaving writes what is left.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._waiting = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._write_on, name="journal", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def add(self, line: str) -> None:
        """Add a line, without its end."""
        if len(self._lines) >= MOST_LINES:
            self._dropped += 1
            return
        self._lines.append(line)
        if not self._waiting.is_set():
            self._waiting.set()

    def close(self, seconds: float = 1) -> None:
        """Write what is left, waiting at most ``seconds`` for a reader that does not read."""
        self._ended = True
        self._waiting.set()
        self._thread.join(seconds)

    def _write_on(self) -> None:
        while not self._ended:
            self._waiting.wait()
            if not self._ended:
                time.sleep(GATHERED_SECONDS)  # a busy log wakes this thread fifty times a second, not once a line
            self._waiting.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        dropped, self._dropped = self._dropped, 0
        if dropped:
            lines.append(f"{dropped} lines of the log were dropped here: its reader is too slow")
        rest = "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._lines.clear()  # nobody reads standard error any more: there is nowhere left to say so
