"""What requests did, in numbers: kept by the event loop alone, without a lock, and read by whoever shows them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)
"""Seconds: distribution's bounds, and two below them."""

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER = "unknown"
"""What any other method is called: clients may make up as many as they like."""


@dataclass(slots=True)
class Cell:
    """Requests of one route, method and status: how many by how long they took, and bytes of their bodies."""

    took: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    """One number for each of BOUNDS, and one for what took longer."""
    seconds: float = 0.0
    received: int = 0
    sent: int = 0

    def add(self, other: Cell) -> None:
        """Both as one."""
        self.took = [mine + more for mine, more in zip(self.took, other.took, strict=True)]
        self.seconds += other.seconds
        self.received += other.received
        self.sent += other.sent


class Traffic:
    """Cells by route (as in the table of routes; empty for a path that it lacks), method and status."""

    def __init__(self) -> None:
        self._cells: dict[tuple[str, str, int], Cell] = {}

    def note(self, route: str, method: str, status: int, seconds: float, received: int, sent: int) -> None:
        """Count one request. For the event loop only."""
        cell = self._cells.get((route, method, status))
        if cell is None:
            cell = self._cells.setdefault((route, method if method in METHODS else OTHER, status), Cell())
        cell.took[bisect_left(BOUNDS, seconds)] += 1
        cell.seconds += seconds
        cell.received += received
        cell.sent += sent

    def cells(self) -> list[tuple[tuple[str, str, int], Cell]]:
        """All that was counted so far. For any thread."""
        return list(self._cells.items())
