"""docs/differences.md as a person reads it: the first cell of each row is the name of a rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "differences.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One difference: what each registry does, and why they differ."""

    name: str
    theirs: str
    ours: str
    why: str


def rows() -> list[Row]:
    """The rows of all tables of the page. Raises ValueError for one that has not four cells."""
    found = []
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("|") and not re.match(r"\|( difference |-)", line):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            if len(cells) != 4:
                raise ValueError(f"{PAGE.name}: a row has four cells, with ` | ` between them: {line}")
            found.append(Row(*cells))
    return found
