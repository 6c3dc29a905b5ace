from __future__ import annotations

import pytest

from benchmarks.measurement import JETTISON
from benchmarks.rows import client_programs
from benchmarks.rows.client_programs import Trial, compared


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that are installed wherever this runs."""
    monkeypatch.setattr(client_programs, "installed", lambda: [JETTISON, "crane", "skopeo"])


def test_the_goal_is_on_what_is_left_without_starting() -> None:
    """Each turn's start is taken off that turn's work; both are in the row."""
    seconds = {JETTISON: (0.5, 0.4), "crane": (0.25, 0.05)}
    row = compared(
        "ls", "lists", 3, lambda name, turn: Trial(*(each + turn for each in seconds[name])), without=("skopeo",)
    )

    assert [each.peer for each in row.series] == [JETTISON, "crane", f"{JETTISON} apart", "crane apart"]
    assert row.median(JETTISON) == 1.5
    assert row.median(f"{JETTISON} apart") == pytest.approx(1.0)  # starts differ by as much
    (goal,) = row.goals
    assert goal.text == "at least 1x crane, start-up apart"


def test_less_than_starts_differ_by_is_not_believed() -> None:
    """A program that seems to work in no time has worked in the time that is not known."""
    starts = {0: 0.1, 1: 0.12, 2: 0.14, 3: 0.16, 4: 0.18}
    row = compared("ls", "lists", 5, lambda name, turn: Trial(0.05 if name == "crane" else 0.3, starts[turn]))

    assert row.median("crane apart") == pytest.approx(0.02)
    assert row.median(f"{JETTISON} apart") == pytest.approx(0.16)
    assert row.goals[0].reached == pytest.approx(0.125)


def test_every_turn_begins_with_another() -> None:
    """Whoever comes first would pay for what the turn before has left."""
    order: list[str] = []

    def trial(name: str, turn: int) -> Trial:
        order.append(name)
        return Trial(1.0, 0.5)

    compared("ls", "lists", 2, trial)
    assert order == [JETTISON, "crane", "skopeo", "crane", "skopeo", JETTISON]
