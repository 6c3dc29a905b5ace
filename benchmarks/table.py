"""Rows as a table: in Markdown for the page, in text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.measurement import Goal, Row

HEADER = ("work", "to reach", "reached", "", "medians")


def lines(rows: Sequence[Row]) -> Iterator[tuple[str, str, str, str, str]]:
    """One line per goal; a row without a goal has one line."""
    for row in rows:
        medians = f"{', '.join(f'{each.peer} {number(each.median)}' for each in row.series)} ({row.unit})"
        if not row.goals:
            yield row.work, "", "", "", medians
        for goal in row.goals:
            yield row.work, goal.text, _reached(goal), verdict(goal), medians


def markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    cells = [HEADER, ("---", "---", "---:", "---", "---"), *lines(rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def text(rows: Sequence[Row]) -> str:
    """The table in columns."""
    cells = [HEADER, *lines(rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in cells)
    return "\n".join("  ".join(line).rstrip() for line in padded)


def verdict(goal: Goal) -> str:
    """Whether the goal is reached, in words."""
    if goal.met is None:
        return "not measured"
    return "reached" if goal.met else "**not reached**"


def number(value: float) -> str:
    """Three significant digits, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _reached(goal: Goal) -> str:
    return "" if goal.reached is None else f"{number(goal.reached)}{goal.unit}"
