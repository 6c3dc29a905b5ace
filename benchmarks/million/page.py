"""docs/scale.md: the tables, the plot, and what is written by hand beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.million.results import MOST, Filled, Measured, Row
from benchmarks.million.site import ASKED
from benchmarks.million.size import SHARING, SPARE
from benchmarks.million.timing import Times

PLOT = Path("images/scale.svg")
WORDS = Path(__file__).parent / "words.md"
EXPLANATIONS = Path(__file__).parent / "explanations"

_PAGE = """\
# Scale

Written by `make scale` from what is kept in `benchmarks/million/results.json`, and from `benchmarks/million/words.md`;
do not edit.

{summary}

![How many times as long each piece of work takes]({plot})

{tables}{explanations}## How it was measured

{what_ran}

- The rows are made by SQL in the database itself: a million repositories are not pushed in an hour. A manifest has its
  real digest and about 700 bytes, a configuration of its own, the layer of its repository and one of the base layers,
  each of which {sharing:,} repositories share. A tenth of the versions have been pulled, every repository has a line in
  the audit log, every tenth a deletion in the journal that is over. {spare:,} more repositories are there to be swept,
  and one with 10,000 tags.
- Everything is called in-process through the functions that the edge calls (`registry/`), on the database as it is
  deployed, every write durable. Blobs have no bytes, but those that a sweep deletes have a file.
- Both registries are measured in turn, ten pieces of work in one, then ten in the other, so that both have the same
  noise. The same number of repositories is asked in both, {asked:,}: in the small one these are all, in the large one
  they lie anywhere in it. The first time each is asked, with nothing of the database in memory, is told apart: what the
  disk takes is the disk's, and grows with what does not fit in memory.
- Goal: at the median and at p99 at most {most:g} times as long. Of the slow pieces there are few samples, and their p99
  is the slowest of them.

{words}
"""


_GROWTH = "times p50 | times p99 | | first time: p50 | p99"


def write(results: Sequence[Measured], docs: Path) -> Path:
    """Write the page into ``docs`` and return its path."""
    page = docs / "scale.md"
    page.write_text(text(results))
    return page


def text(results: Sequence[Measured]) -> str:
    """The page of these results."""
    return _PAGE.format(
        summary=_summary(results),
        plot=PLOT,
        tables="".join(_table(result) for result in results),
        explanations=_explanations(results),
        what_ran="\n".join(_what_ran(results)),
        sharing=SHARING,
        spare=SPARE,
        asked=ASKED,
        most=MOST,
        words=WORDS.read_text().strip(),
    )


def _summary(results: Sequence[Measured]) -> str:
    number = sum(len(result.rows) for result in results)
    met = sum(row.met for result in results for row in result.rows)
    sizes = dict.fromkeys(_sizes(result) for result in results)
    return "\n".join(
        [
            f"{' and '.join(sizes)}:",
            f"of {number} pieces of work on {' and '.join(result.database for result in results)},",
            f"{met} take at most {MOST:g} times as long in the large one.",
        ]
    )


def _sizes(result: Measured) -> str:
    large, small = result.large, result.small
    return (
        f"A registry of {large.repositories:,} repositories with {large.manifests:,} manifests and as many tags,"
        f"\nbeside one of {small.repositories:,} repositories with {small.manifests:,}"
    )


def _table(result: Measured) -> str:
    lines = [
        f"## {result.database}",
        "",
        f"Milliseconds. {_filled(result)}",
        "",
        f"| work | {_short(result.small)}: p50 | p99 | {_short(result.large)}: p50 | p99 | {_GROWTH} |",
        "|---|--:|--:|--:|--:|--:|--:|---|--:|--:|",
        *(_line(row) for row in result.rows),
        "",
        "",
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    growth = [f"{each:.2g}" for each in row.growth]
    cells = [row.words, *_cells(row.small), *_cells(row.large), *growth, "reached" if row.met else "**not reached**"]
    return f"| {' | '.join([*cells, *_cells(row.first_large)])} |"


def _cells(times: Times | None) -> list[str]:
    return ["", ""] if times is None else [_number(times.p50), _number(times.p99)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _short(filled: Filled) -> str:
    return f"{filled.repositories:,} repositories"


def _filled(result: Measured) -> str:
    large = result.large
    return (
        f"The large registry has {large.rows:,} rows, {large.rows / large.manifests:.1f} for each manifest, and takes\n"
        f"{large.bytes / (1 << 30):.1f} GiB: {large.bytes / large.manifests:,.0f} bytes for each manifest with all that"
        f" belongs to it. Filling it took {large.seconds / 60:.0f} minutes."
    )


def _explanations(results: Sequence[Measured]) -> str:
    """What is written by hand about each row that misses the goal; a missing explanation is said to be missing."""
    missed: dict[str, list[str]] = {}
    for result in results:
        for row in result.rows:
            if not row.met:
                missed.setdefault(row.name, []).append(f"{result.database} {max(row.growth):.1f} times")
    words = {row.name: row.words for result in results for row in result.rows}
    parts = []
    for name, where in missed.items():
        file = EXPLANATIONS / f"{name}.md"
        reason = file.read_text().strip() if file.exists() else f"Not explained yet: no `{file.name}`."
        parts.append(f"## Not reached: {words[name]}\n\n{', '.join(where)}.\n\n{reason}\n\n")
    return "".join(parts)


def _what_ran(results: Sequence[Measured]) -> Iterator[str]:
    for result in results:
        yield (
            f"- {result.database} {result.version}, {result.setup}. {result.machine}. {result.measured_at[:10]}, "
            f"at a load of {result.load:.1f}."
        )
