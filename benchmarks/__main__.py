"""The command: measure, print the table, keep what was measured, write the page."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from benchmarks import machine, page, results, table
from benchmarks.peers import PEERS
from benchmarks.peers.peer import Peer, program
from benchmarks.results import Result
from benchmarks.rows import ROWS, cluster
from benchmarks.scale import FULL, QUICK, Scale
from tests.support.parts import PARTS

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Parse the command line, run, and report."""
    options = _options()
    if not options.page:
        peers = [peer for peer in PEERS if peer.short in options.peers]
        versions = _versions(peers, options.only)
        scale = QUICK if options.quick else FULL
        if options.samples:
            scale = dataclasses.replace(scale, samples=options.samples)
        signal.signal(signal.SIGTERM, _exit)
        measured: list[Result] = []
        for result in _run(peers, versions, scale, options.only, options.folder):
            measured.append(result)
            if options.results is not None:
                results.write(options.results, results.merged(results.read(options.results), [result], list(ROWS)))
        print(table.text([row for result in measured for row in result.rows]))
    if options.results == results.FILE:
        _write_page()


def _write_page() -> None:
    """The page and its plot, from what is kept."""
    from benchmarks import plot  # noqa: PLC0415  (only a run that draws needs matplotlib)

    kept = results.read(results.FILE)
    plot.draw([row for result in kept for row in result.rows], DOCS / page.PLOT)
    print(f"written: {page.write(kept, DOCS)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"{__doc__} What is measured takes the place of what benchmarks/{results.FILE.name} has of the same"
        " rows, and docs/benchmarks.md is written anew from it: not with --quick, --peers or --samples, though.",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that every row works")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    shorts = [peer.short for peer in PEERS]
    parser.add_argument("--peers", nargs="+", choices=shorts, default=shorts, metavar="PEER", help=", ".join(shorts))
    parser.add_argument("--samples", type=int, help="how many samples of each, instead of the scale's own number")
    parser.add_argument("--folder", type=Path, help="a folder on a disk for the servers' data (default: /tmp)")
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the results in FILE instead; write no page")
    parser.add_argument("--page", action="store_true", help="measure nothing: write the page from what is kept")
    options = parser.parse_args()
    if options.results is None and not options.quick and not options.samples and options.peers == shorts:
        options.results = results.FILE
    return options


def _versions(peers: Sequence[Peer], only: Sequence[str]) -> Mapping[str, str]:
    """The version of each peer. Ends the program, saying how to get them, where one is not installed."""
    versions = {peer: peer.version() for peer in peers}
    missing = [f"{peer.name}: {peer.advice}" for peer, version in versions.items() if version is None]
    missing += [f"{name}: `make parts` as root" for name in _programs(only) if program(name) is None]
    if "cluster" in only:
        missing += [f"{name}: {lost}" for name in cluster.NEEDED if (lost := PARTS[name].missing())]
    if missing:
        sys.exit("Not installed (--peers and --only choose what to measure without):\n  " + "\n  ".join(missing))
    return {peer.name: version for peer, version in versions.items() if version is not None}


def _programs(only: Sequence[str]) -> list[str]:
    """Those beside the peers that the rows are measured with."""
    loads = ["wrk"] if {"manifest-get", "bearer", "cluster"} & set(only) else []
    return loads + (["regctl", "crane", "skopeo"] if any(name.startswith("client-") for name in only) else [])


def _run(
    peers: Sequence[Peer], versions: Mapping[str, str], scale: Scale, only: Sequence[str], base: Path | None
) -> Iterator[Result]:
    """Measure in a temporary folder that is deleted in the end; each piece as soon as it is measured."""
    folder = Path(tempfile.mkdtemp(prefix="jettison-bench-", dir=base))
    try:
        if machine.filesystem(folder) in ("tmpfs", "ramfs"):
            sys.exit(f"{folder} is in memory, where durable writes cost nothing: give a --folder on a disk")
        where = machine.describe(folder)
        for name in only:
            now, load = _now(), round(os.getloadavg()[0], 2)
            print(f"{now:%H:%M:%S} {name}", file=sys.stderr, flush=True)
            place = folder / name
            place.mkdir()
            rows = tuple(ROWS[name](peers, scale, place))
            shutil.rmtree(place)
            yield Result(name, f"{now:%Y-%m-%dT%H:%M:%SZ}", load, where, versions, rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
