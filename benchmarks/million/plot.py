"""The plot of the page: how many times as long each piece of work takes in the large registry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.million.results import MOST, Measured

MEDIAN = "#2f7d4f"
P99 = "#9cc7ad"


def draw(results: Sequence[Measured], target: Path) -> None:
    """Write two bars for each piece of work and database to ``target``, an SVG."""
    # Without a fixed salt and date, each run would change every line of the file; with text as paths, so would a font.
    matplotlib.rcParams.update({"svg.hashsalt": "scale", "svg.fonttype": "none", "font.size": 9})
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
    for axes, result in zip(panels, results, strict=True):
        rows = list(reversed(result.rows))
        for which, (label, colour) in enumerate((("median", MEDIAN), ("p99", P99))):
            places = [at + 0.2 - 0.4 * which for at in range(len(rows))]
            axes.barh(places, [row.growth[which] for row in rows], height=0.4, color=colour, label=label)
        axes.set_yticks(range(len(rows)), [row.words for row in rows])
        axes.set_xscale("log")
        highest = max(MOST, *(max(row.growth) for row in rows))
        axes.set_xlim(0.4, highest * 1.5)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, position: ""))
        axes.axvline(1, color="black", linewidth=0.8)
        axes.axvline(MOST, color="#b5442e", linewidth=1, linestyle="--")
        axes.set_title(result.database)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].legend(loc="lower right", frameon=False)
    large, small = results[0].large, results[0].small
    figure.supxlabel(
        f"times as long with {large.manifests:,} manifests as with {small.manifests:,} (dashed: at most {MOST:g})",
        fontsize=9,
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Date": None})
