"""The plot of the page: how many times over each goal is reached."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.measurement import Row
from benchmarks.table import number

REACHED = "#2f7d4f"
MISSED = "#b5442e"
INCH_PER_BAR = 0.36


def draw(rows: Sequence[Row], target: Path) -> None:
    """Write a bar for each measured goal to `target`, an SVG."""
    bars = [
        (f"{row.name}: {goal.text}", goal.strength, f"{number(goal.reached)}{goal.unit}")
        for row in reversed(rows)
        for goal in reversed(row.goals)
        if goal.strength is not None and goal.reached is not None
    ]
    # Without a fixed salt and date, each run would change every line of the file; with text as paths, so would a font.
    matplotlib.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 9})
    figure = Figure(figsize=(10, 1.2 + INCH_PER_BAR * len(bars)), layout="constrained")
    axes = figure.add_subplot()
    strengths = [strength for _, strength, _ in bars]
    drawn = axes.barh(
        [label for label, _, _ in bars],
        [strength - 1 for strength in strengths],
        left=1,
        color=[REACHED if strength >= 1 else MISSED for strength in strengths],
    )
    axes.bar_label(drawn, [reached for _, _, reached in bars], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(min(0.5, *strengths) / 1.5, max(2, *strengths) * 2.5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xlabel("times over the goal (1: just reached; right is better); the labels say what was reached")
    axes.spines[["top", "right"]].set_visible(False)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Date": None})
