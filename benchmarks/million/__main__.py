"""The command: fill, measure, print, keep what was measured, write the page. Nothing that it made is left."""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from benchmarks import machine
from benchmarks.million import page, results
from benchmarks.million.operations import OPERATIONS
from benchmarks.million.postgres import Postgres
from benchmarks.million.results import Filled, Measured, Row
from benchmarks.million.site import Site
from benchmarks.million.size import Size
from benchmarks.million.sqlite import SQLite
from benchmarks.million.timing import Operation, measure

DOCS = Path(__file__).parents[2] / "docs"
DATABASES: dict[str, Callable[[Path], SQLite | Postgres]] = {"sqlite": SQLite, "postgres": Postgres}
SMALL = 1000
LARGE = 1_000_000
BYTES_A_REPOSITORY = 45_000
"""On the disk, in PostgreSQL, with ten versions and what filling takes for itself."""


def main() -> None:
    """Parse the command line, run, and report."""
    options = _options()
    signal.signal(signal.SIGTERM, _exit)
    if not options.page:
        operations = [each for each in OPERATIONS if each.name in options.only]
        for name in options.databases:
            result = _run(name, options.repositories, operations, options.folder)
            _print(result)
            if options.results is not None:
                results.write(options.results, results.merged(results.read(options.results), result))
    if options.results == results.FILE:
        _write_page()


def _write_page() -> None:
    """The page and its plot, from what is kept."""
    from benchmarks.million import plot  # noqa: PLC0415  (only a run that draws needs matplotlib)

    kept = results.read(results.FILE)
    plot.draw(kept, DOCS / page.PLOT)
    print(f"written: {page.write(kept, DOCS)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.million",
        description=f"{__doc__} A run of all of it takes the place of what benchmarks/million/{results.FILE.name} has,"
        " and docs/scale.md is written anew from it.",
    )
    names, work = list(DATABASES), [each.name for each in OPERATIONS]
    parser.add_argument("--repositories", type=int, default=LARGE, help=f"of the large registry (default: {LARGE})")
    parser.add_argument(
        "--databases", nargs="+", choices=names, default=names, metavar="DATABASE", help=", ".join(names)
    )
    parser.add_argument("--only", nargs="+", choices=work, default=work, metavar="WORK", help=", ".join(work))
    parser.add_argument("--folder", type=Path, help="a folder on a disk with room (default: /var/tmp)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the results in FILE instead; write no page")
    parser.add_argument("--page", action="store_true", help="measure nothing: write the page from what is kept")
    options = parser.parse_args()
    whole = options.databases == names and options.only == work
    if options.results is None and (options.page or whole):
        options.results = results.FILE
    options.folder = options.folder or Path("/var/tmp")  # noqa: S108 - a folder of its own is made in it
    return options


def _run(name: str, repositories: int, operations: list[Operation], base: Path) -> Measured:
    """One database, in a temporary folder that is deleted in the end."""
    _require_room(base, repositories)
    now, load = datetime.datetime.now(tz=datetime.UTC), os.getloadavg()[0]
    folder = Path(tempfile.mkdtemp(prefix="jettison-scale-", dir=base))
    # PostgreSQL runs as another user, who owns a folder below it.
    folder.chmod(0o755)
    try:
        if machine.filesystem(folder) in ("tmpfs", "ramfs"):
            sys.exit(f"{folder} is in memory, where durable writes cost nothing: give a --folder on a disk")
        with ExitStack() as ending:
            database = DATABASES[name](folder)
            ending.callback(database.close)
            sizes = [Size(SMALL), Size(repositories)]
            small, large = (_fill(database, size) for size in sizes)
            sites = []
            for size in sizes:
                opened = database.open(size)
                ending.callback(opened.close)
                blobs = folder / f"blobs-{size.repositories}"
                sites.append(Site.open(opened, size, blobs))
            rows = tuple(_measure(database.name, each, sites) for each in operations)
        where = machine.describe(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    began = f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return Measured(database.name, database.version, database.setup, began, round(load, 2), where, small, large, rows)


def _fill(database: SQLite | Postgres, size: Size) -> Filled:
    began = time.monotonic()
    rows = database.fill(size, _noting(f"{database.name}, {size.repositories:,} repositories", began))
    return Filled(size.repositories, size.manifests, rows, database.bytes(size), round(time.monotonic() - began, 1))


def _noting(what: str, began: float) -> Callable[[str], None]:
    return lambda title: _say(f"{what}: {title} (after {time.monotonic() - began:.0f} s)")


def _measure(database: str, operation: Operation, sites: list[Site]) -> Row:
    _say(f"{database}: {operation.words}")
    (first_small, small), (first_large, large) = measure(operation, sites)
    return Row(operation.name, operation.words, small, large, first_small, first_large)


def _require_room(folder: Path, repositories: int) -> None:
    free, needed = shutil.disk_usage(folder).free, repositories * BYTES_A_REPOSITORY
    if free < needed:
        sys.exit(
            f"{folder} has {free / 1e9:.0f} GB free, and {repositories:,} repositories take {needed / 1e9:.0f} GB"
            " while they are made: give another --folder, or fewer --repositories"
        )


def _print(result: Measured) -> None:
    large = result.large
    print(f"\n{result.database}: {large.manifests:,} manifests, {large.bytes / large.manifests:.0f} bytes each")
    for row in result.rows:
        times = " ".join(f"{each:9.3f}" for each in (row.small.p50, row.small.p99, row.large.p50, row.large.p99))
        first = "" if row.first_large is None else f"  first {row.first_large.p50:.3f} {row.first_large.p99:.3f}"
        growth = " ".join(f"{each:6.2f}" for each in row.growth)
        print(f"{row.words:55} {times}  x {growth} {'' if row.met else 'NOT REACHED'}{first}")


def _say(text: str) -> None:
    print(f"{datetime.datetime.now(tz=datetime.UTC):%H:%M:%S} {text}", file=sys.stderr, flush=True)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
