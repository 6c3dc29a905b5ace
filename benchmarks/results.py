"""What was measured and is kept, in one file: each piece of work with its rows, and when and where they were measured.

The page is written from it. A run of some pieces takes the place of what is kept of these, and of nothing else, so that
a ratio is always of one run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measurement import Goal, Row, Series

FILE = Path(__file__).parent / "results.json"


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of one `piece` of work, as `benchmarks.rows.ROWS` names it.

    `measured_at` is when it began (RFC 3339, UTC); `load` the machine's load average of the minute before, None where
    nobody noted it; `versions` those of the peers.
    """

    piece: str
    measured_at: str
    load: float | None
    machine: str
    versions: Mapping[str, str]
    rows: tuple[Row, ...]

    @property
    def day(self) -> str:
        """The day on which it was measured, in UTC."""
        return self.measured_at.partition("T")[0]


def read(file: Path) -> list[Result]:
    """What is kept in `file`, nothing where there is none. Raises ValueError, KeyError, TypeError where it is none."""
    return [_result(entry) for entry in json.loads(file.read_text())] if file.exists() else []


def write(file: Path, results: Sequence[Result]) -> None:
    """Keep them."""
    file.write_text(json.dumps([dataclasses.asdict(result) for result in results], indent=1) + "\n")


def merged(kept: Iterable[Result], new: Iterable[Result], order: Sequence[str]) -> list[Result]:
    """Those of `new`, and of `kept` what `new` has not measured, in `order`; a piece that is not in it is left out."""
    found = {result.piece: result for result in (*kept, *new)}
    return [found[piece] for piece in order if piece in found]


def _result(entry: dict[str, Any]) -> Result:
    return Result(**{**entry, "rows": tuple(_row(row) for row in entry["rows"])})


def _row(entry: dict[str, Any]) -> Row:
    series = tuple(Series(each["peer"], tuple(each["samples"])) for each in entry["series"])
    return Row(**{**entry, "series": series, "goals": tuple(Goal(**goal) for goal in entry["goals"])})
