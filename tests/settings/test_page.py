from __future__ import annotations

import re
from pathlib import Path

from jettison.settings.known import VOCABULARY
from jettison.settings.page import page
from jettison.settings.shapes import variables
from jettison.settings.treatment import ADVICE, NO_EFFECT, OLDER, SAME

_PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def _rows() -> dict[str, list[str]]:
    cells = (line.strip("|\n ").split(" | ") for line in page().splitlines() if line.startswith("| `"))
    return {row[0].strip("`"): row for row in cells}


def test_the_page_is_up_to_date() -> None:
    """`python -m jettison.settings.page > docs/configuration.md` was run after the last change."""
    assert _PAGE.read_text() == page()


def test_every_key_has_a_row_or_lies_below_one() -> None:
    """Whatever can be set by a variable is on the page: served, without effect, or refused."""
    named = set(re.findall(r"`(REGISTRY_[A-Z0-9_]+)` \|$", page(), re.MULTILINE))
    assert named <= set(variables(VOCABULARY))
    for name in variables(VOCABULARY):
        assert any(name == row or name.startswith(f"{row}_") or row.startswith(f"{name}_") for row in named), name


def test_the_page_says_what_becomes_of_each_key() -> None:
    """What it says is what the start does."""
    rows = _rows()
    assert {path for path, row in rows.items() if row[1] == "no effect"} == set(NO_EFFECT)
    assert {path for path, row in rows.items() if row[1].startswith("only")} == set(SAME)
    assert {path for path, row in rows.items() if row[1] == "refused"} == set(ADVICE) - set(SAME)
    assert all(rows[path][1] == "served" for path in OLDER)
    assert rows["storage.maintenance.uploadpurging.age"][1:4] == ["served", "length of time", "`168h`"]
    assert rows["http.addr"][3] == "`127.0.0.1:5000`"
