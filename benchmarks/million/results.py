"""What was measured and is kept; the page is written from it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.million.timing import Times

FILE = Path(__file__).parent / "results.json"
MOST = 2.0
"""How many times as long something may take in the large registry."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A registry: what is in it, the bytes of its database, and the seconds that filling it took."""

    repositories: int
    manifests: int
    rows: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Row:
    """A piece of work in the small and in the large registry; ``first`` is when it was asked for the first time."""

    name: str
    words: str
    small: Times
    large: Times
    first_small: Times | None
    first_large: Times | None

    @property
    def growth(self) -> tuple[float, float]:
        """How many times as long the large one takes: at the median, and at p99."""
        return self.large.p50 / self.small.p50, self.large.p99 / self.small.p99

    @property
    def met(self) -> bool:
        """Whether neither is more than MOST."""
        return max(self.growth) <= MOST


@dataclass(frozen=True, slots=True)
class Measured:
    """One database. ``measured_at`` is when it began (RFC 3339, UTC), ``load`` the load average at that time."""

    database: str
    version: str
    setup: str
    measured_at: str
    load: float
    machine: str
    small: Filled
    large: Filled
    rows: tuple[Row, ...]


def read(file: Path) -> list[Measured]:
    """What is kept in ``file``, nothing where there is none."""
    return [_measured(entry) for entry in json.loads(file.read_text())] if file.exists() else []


def write(file: Path, results: Sequence[Measured]) -> None:
    """Keep them."""
    file.write_text(json.dumps([dataclasses.asdict(result) for result in results], indent=1) + "\n")


def merged(kept: Sequence[Measured], new: Measured) -> list[Measured]:
    """Those of ``kept``, with ``new`` in the place of what was kept of its database, or after them."""
    found = {each.database: each for each in kept}
    return list({**found, new.database: new}.values())


def _measured(entry: dict[str, Any]) -> Measured:
    filled = {name: Filled(**entry[name]) for name in ("small", "large")}
    return Measured(**{**entry, **filled, "rows": tuple(map(_row, entry["rows"]))})


def _row(entry: dict[str, Any]) -> Row:
    times = ("small", "large", "first_small", "first_large")
    return Row(**{**entry, **{name: Times(**entry[name]) if entry[name] else None for name in times}})
