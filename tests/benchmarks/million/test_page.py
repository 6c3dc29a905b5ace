from __future__ import annotations

from benchmarks.million import page
from benchmarks.million.operations import OPERATIONS


def test_every_explanation_belongs_to_a_row() -> None:
    """A row that got another name would lose what is said of it."""
    assert {file.stem for file in page.EXPLANATIONS.glob("*.md")} <= {each.name for each in OPERATIONS}
