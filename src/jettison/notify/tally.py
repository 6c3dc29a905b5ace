"""What became of the events of one endpoint since the server has started."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Tries by their outcome: accepted, refused by a status, without an answer; and by status, as `200 OK`."""

    successes: int = 0
    failures: int = 0
    errors: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
