"""docs/benchmarks.md: the table, the plot, and why a goal is missed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measurement import Row
from benchmarks.results import Result
from benchmarks.table import markdown

EXPLANATIONS = Path(__file__).parent / "explanations"
PLOT = Path("images/benchmarks.svg")

_PAGE = """\
# Benchmarks

Written by `make bench` from what is kept in `benchmarks/results.json`; do not edit. {samples} samples of each, taken in
turn: every program once, then every program again, each turn beginning with the next one. The table shows medians. All
servers ran on loopback on one machine, together with the client, with access logs off and new data.

{table}

![How many times over each goal is reached]({plot})

{explanations}## What ran

{what_ran}

- The registries are durable as they come: Jettison on SQLite and a filesystem, the others on a filesystem with their
  cache of blob descriptors in memory and deletion enabled. nginx serves the same bytes as files, with `sendfile`.
- A small repository is a configuration of about 200 bytes, a layer of 4 KiB and manifests of about 700 bytes, no two
  alike. Its push is what docker sends: HEAD, POST, PATCH and PUT for each blob, PUT for each manifest.
- Downloads are dropped inside the client's kernel, uploads come from its page cache by `sendfile`: the client leaves
  the processor to the server. CPU seconds are those of the server, user and system.
- Times of a deletion are single requests. Memory is the peak of resident memory over one run of the transfers.
  An upload that has sent all its bytes is cancelled, not committed.
- A tree to adopt is as distribution's pushes leave it, without the history of tags, and the database new each time. The
  larger one has the files of manifests, links and tags once, under ten names.
- Where a goal says "the speed of", or "the same", a twentieth or a tenth is left for chance, as the goal's text says.
"""


def write(results: Sequence[Result], docs: Path) -> Path:
    """Write the page into `docs` and return its path."""
    page = docs / "benchmarks.md"
    page.write_text(text(results))
    return page


def text(results: Sequence[Result]) -> str:
    """The page of these results."""
    rows = [row for result in results for row in result.rows]
    return _PAGE.format(
        samples=max((len(series.samples) for row in rows for series in row.series), default=0),
        table=markdown(rows),
        plot=PLOT,
        explanations=_explanations(rows),
        what_ran=_what_ran(results),
    )


def _what_ran(results: Sequence[Result]) -> str:
    """The machine, the day and the versions; where they are not the same for all rows, of which rows they are."""
    runs: dict[tuple[str, str, tuple[str, ...]], list[Result]] = {}
    for result in results:
        versions = tuple(f"- {name} {version}" for name, version in result.versions.items())
        runs.setdefault((result.day, result.machine, versions), []).append(result)
    parts: list[str] = []
    for day, machine, versions in sorted(runs):
        measured = runs[day, machine, versions]
        of = f": {', '.join(row.name for result in measured for row in result.rows)}" if len(runs) > 1 else ""
        parts.append(f"{machine}. {day}{_loads(measured)}{of}.\n\n" + "\n".join(versions))
    return "\n\n".join(parts)


def _loads(results: Sequence[Result]) -> str:
    loads = [result.load for result in results if result.load is not None]
    return f", at a load of {max(loads):.1f} or less" if loads else ""


def _explanations(rows: Sequence[Row]) -> str:
    """What is written by hand about each row that misses a goal; a missing explanation is said to be missing."""
    parts: list[str] = []
    for row in rows:
        missed = [goal.text for goal in row.goals if goal.met is False]
        if missed:
            path = EXPLANATIONS / f"{row.name}.md"
            reason = path.read_text().strip() if path.exists() else f"Not explained yet: no `{path.name}`."
            parts.append(f"## Not reached: {row.name}\n\n{row.work}: {'; '.join(missed)}.\n\n{reason}\n\n")
    return "".join(parts)
