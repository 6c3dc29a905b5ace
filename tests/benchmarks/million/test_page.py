from __future__ import annotations

from benchmarks.million import page, results
from benchmarks.million.operations import OPERATIONS
from tests.support.parts import ROOT


def test_the_page_is_that_of_the_kept_results() -> None:
    """Nothing on it was written by hand, and nothing was measured without getting there."""
    assert (ROOT / "docs" / "scale.md").read_text() == page.text(results.read(results.FILE))


def test_all_of_it_was_measured_on_both() -> None:
    """A row that was left out would not be missed otherwise."""
    kept = results.read(results.FILE)

    assert [result.database for result in kept] == ["SQLite", "PostgreSQL"]
    assert [[row.name for row in result.rows] for result in kept] == [[each.name for each in OPERATIONS]] * 2


def test_every_explanation_belongs_to_a_row() -> None:
    """A row that got another name would lose what is said of it."""
    assert {file.stem for file in page.EXPLANATIONS.glob("*.md")} <= {each.name for each in OPERATIONS}
