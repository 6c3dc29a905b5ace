"""docs/differences.md as a person reads it: the first cell of each row is the name of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

APART = "## With other settings, and after adoption"
"""The heading of the table whose rows the generator does not reach."""

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One difference: what each registry does, and why they differ."""

    name: str
    theirs: str
    ours: str
    why: str


def rows(*, apart: bool = False) -> list[Row]:
    """The rows of all tables of the page but the last, or of that one. Raises ValueError for one without four cells."""
    found = []
    for line in PAGE.read_text("utf-8").partition(APART)[2 if apart else 0].splitlines():
        if line.startswith("|") and not re.match(r"\|( difference |-)", line):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if len(cells) != 4:
                raise ValueError(f"{PAGE.name}: a row has four cells, with ` | ` between them: {line}")
            found.append(Row(*cells))
    return found
