from __future__ import annotations

from benchmarks import page, results
from benchmarks.rows import ROWS
from tests.benchmarks.test_results import result
from tests.support.parts import ROOT


def test_the_page_is_that_of_the_kept_results() -> None:
    """Nothing on it was written by hand, and nothing was measured without getting there."""
    assert (ROOT / "docs" / "benchmarks.md").read_text() == page.text(results.read(results.FILE))


def test_every_kept_piece_is_one_that_is_measured() -> None:
    """In the same order."""
    kept = [each.piece for each in results.read(results.FILE)]

    assert kept == [piece for piece in ROWS if piece in kept]


def test_every_explanation_belongs_to_a_row() -> None:
    """A row that got another name would lose what is said of it."""
    rows = {row.name for each in results.read(results.FILE) for row in each.rows}

    assert {file.stem for file in page.EXPLANATIONS.glob("*.md")} <= rows


def test_one_run_has_one_day() -> None:
    """Which rows are of it is not said: all are."""
    text = page.text([result("pull"), result("push")])

    assert "a machine. 2026-11-23, at a load of 0.2 or less.\n\n- Jettison 1\n\n- The registries" in text


def test_rows_of_other_days_say_when_they_were_measured() -> None:
    """With the machine and the versions of that day."""
    later = result("push", "2026-11-25", load=None, versions={"Jettison": "2"})
    text = page.text([result("pull"), later])

    assert "a machine. 2026-11-23, at a load of 0.2 or less: pull-1.\n\n- Jettison 1\n\n" in text
    assert "a machine. 2026-11-25: push-1.\n\n- Jettison 2\n\n" in text


def test_a_row_that_misses_its_goal_is_explained_or_said_not_to_be() -> None:
    """Nothing is left out."""
    assert "## Not reached: pull-1\n" in page.text([result("pull")])
    assert "Not explained yet: no `pull-1.md`." in page.text([result("pull")])
    assert "Not reached" not in page.text([result("pull", reached=3.5)])
