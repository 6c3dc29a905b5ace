"""docs/benchmarks.md: the table, the plot, and why a goal is missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measurement import Row
from benchmarks.table import markdown

EXPLANATIONS = Path(__file__).parent / "explanations"
PLOT = Path("images/benchmarks.svg")

_PAGE = """\
# Benchmarks

Written by `make bench`; do not edit. {samples} samples of each, taken in turn: every program once, then every program
again, each turn beginning with the next one. The table shows medians. All servers ran on loopback on one machine,
together with the client, with access logs off and new data.

{table}

![How many times over each goal is reached]({plot})

{explanations}## What ran

{machine}. {date}.

{versions}

- The registries are durable as they come: Jettison on SQLite and a filesystem, the others on a filesystem with their
  cache of blob descriptors in memory and deletion enabled. nginx serves the same bytes as files, with `sendfile`.
- A small repository is a configuration of about 200 bytes, a layer of 4 KiB and manifests of about 700 bytes, no two
  alike. Its push is what docker sends: HEAD, POST, PATCH and PUT for each blob, PUT for each manifest.
- Downloads are dropped inside the client's kernel, uploads come from its page cache by `sendfile`: the client leaves
  the processor to the server. CPU seconds are those of the server, user and system.
- Times of a deletion are single requests. Memory is the peak of resident memory over one run of the transfers.
  An upload that has sent all its bytes is cancelled, not committed.
- Where a goal says "the speed of", or "the same", a twentieth or a tenth is left for chance, as the goal's text says.
"""


def write(rows: Sequence[Row], docs: Path, facts: Mapping[str, str], versions: Mapping[str, str], samples: int) -> Path:
    """Write the page into `docs` and return its path. `facts` are the machine and the date."""
    page = docs / "benchmarks.md"
    page.write_text(
        _PAGE.format(
            samples=samples,
            table=markdown(rows),
            plot=PLOT,
            explanations=_explanations(rows),
            versions="\n".join(f"- {name} {version}" for name, version in versions.items()),
            **facts,
        )
    )
    return page


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
