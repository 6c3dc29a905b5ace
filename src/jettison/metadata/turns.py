"""Writes to SQLite, one after another, several in one commit: whoever has the turn commits for all who wait."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Ticket:
    """A write that waits for its commit; ``settle`` gives it its result or its error."""

    work: Callable[[Any], Any]
    durable: bool
    result: Any = None
    error: BaseException | None = None
    settled: bool = field(default=False)

    def settle(self, result: Any = None, error: BaseException | None = None) -> None:
        """Set the outcome; the waiting thread returns or raises it."""
        self.result, self.error, self.settled = result, error, True


class Turns:
    """Hands tickets to ``commit`` in the order in which they came, all that wait at once.

    A commit costs one fsync whatever it holds: eight clients that push at the same time share it. Nobody starves,
    since each turn takes everything that has queued.
    """

    def __init__(self, commit: Callable[[list[Ticket]], None]) -> None:
        self._commit = commit
        self._waiting: deque[Ticket] = deque()
        self._turn = threading.Lock()

    def take(self, ticket: Ticket) -> Any:
        """Wait until ``ticket`` is settled, by this thread or by another that has the turn."""
        self._waiting.append(ticket)
        with self._turn:
            if not ticket.settled:
                self._work_off(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    def _work_off(self, own: Ticket) -> None:
        batch = []
        while self._waiting:
            batch.append(self._waiting.popleft())
        try:
            self._commit(batch)
        except BaseException:
            # This thread is interrupted and nothing of the batch committed: the others come to turns of their own.
            self._waiting.extendleft(ticket for ticket in reversed(batch) if not (ticket is own or ticket.settled))
            raise
