from __future__ import annotations

import dataclasses
from pathlib import Path

from benchmarks import results
from benchmarks.measurement import Goal, Row, Series
from benchmarks.results import Result, merged, read, write

ORDER = ["pull", "push", "adopt"]


def result(piece: str, day: str = "2026-11-23", reached: float | None = 2.5, **more: object) -> Result:
    """What one piece of work with one row came to."""
    goal = Goal("at least 3x a peer", reached, 3)
    row = Row(f"{piece}-1", f"some {piece}", "ms", (Series("Jettison", (1.0, 2.0, 1.5)),), (goal,))
    made = Result(piece, f"{day}T10:00:00Z", 0.25, "a machine", {"Jettison": "1"}, (row,))
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def test_what_is_kept_is_read_as_it_was(tmp_path: Path) -> None:
    """Samples, goals, day, load, machine and versions, and what was not measured."""
    kept = [result("pull"), result("push", reached=None, load=None)]
    write(tmp_path / "results.json", kept)

    assert read(tmp_path / "results.json") == kept


def test_nothing_is_kept_before_the_first_run(tmp_path: Path) -> None:
    """A file that is not there is an empty one."""
    assert read(tmp_path / "none.json") == []


def test_a_run_of_some_pieces_replaces_these_alone() -> None:
    """Each in its place, whenever it was measured."""
    kept = [result("pull"), result("push")]
    new = [result("adopt", "2026-11-24"), result("pull", "2026-11-24")]

    assert merged(kept, new, ORDER) == [new[1], kept[1], new[0]]


def test_a_piece_that_is_measured_no_more_leaves() -> None:
    """What has no measure would stay on the page for ever."""
    assert merged([result("gone"), result("push")], [], ORDER) == [result("push")]


def test_what_the_repository_keeps_can_be_read() -> None:
    """Each goal's ratio is that of the samples of its own run, not of another."""
    for kept in read(results.FILE):
        for row in kept.rows:
            medians = {series.median for series in row.series}
            possible = medians | {one / other for one in medians for other in medians}
            for goal in row.goals:
                assert goal.reached is None or any(abs(goal.reached - each) < 1e-9 for each in possible), row.name
