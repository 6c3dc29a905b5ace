"""The command: measure, print the table, write the page."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from benchmarks import machine, page, table
from benchmarks.measurement import Row
from benchmarks.peers import PEERS
from benchmarks.peers.peer import Peer, program
from benchmarks.rows import ROWS
from benchmarks.scale import FULL, QUICK, Scale

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    """Parse the command line, run, and report."""
    options = _options()
    peers = [peer for peer in PEERS if peer.short in options.peers]
    versions = _versions(peers, options.only)
    scale = QUICK if options.quick else FULL
    if options.samples:
        scale = dataclasses.replace(scale, samples=options.samples)
    signal.signal(signal.SIGTERM, _exit)
    rows, where = _run(peers, scale, options.only, options.folder, options.json)
    print(table.text(rows))
    if options.write:
        from benchmarks import plot  # noqa: PLC0415  (only a run that draws needs matplotlib)

        plot.draw(rows, DOCS / page.PLOT)
        facts = {"machine": where, "date": f"{_now():%Y-%m-%d}"}
        print(f"written: {page.write(rows, DOCS, facts, versions, scale.samples)}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that every row works; writes no page")
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    shorts = [peer.short for peer in PEERS]
    parser.add_argument("--peers", nargs="+", choices=shorts, default=shorts, metavar="PEER", help=", ".join(shorts))
    parser.add_argument("--samples", type=int, help="how many samples of each, instead of the scale's own number")
    parser.add_argument("--folder", type=Path, help="a folder on a disk for the servers' data (default: /tmp)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples to FILE")
    options = parser.parse_args()
    options.write = not options.quick and options.only == list(ROWS) and options.peers == shorts
    return options


def _versions(peers: Sequence[Peer], only: Sequence[str]) -> Mapping[str, str]:
    """The version of each peer. Ends the program, saying how to get them, where one is not installed."""
    versions = {peer: peer.version() for peer in peers}
    missing = [f"{peer.name}: {peer.advice}" for peer, version in versions.items() if version is None]
    if "manifest-get" in only and program("wrk") is None:
        missing.append("wrk: `make parts` as root, or: apt-get install wrk")
    if missing:
        sys.exit("Not installed (--peers and --only choose what to measure without):\n  " + "\n  ".join(missing))
    return {peer.name: version for peer, version in versions.items() if version is not None}


def _run(
    peers: Sequence[Peer], scale: Scale, only: Sequence[str], base: Path | None, record: Path | None
) -> tuple[list[Row], str]:
    """Measure in a temporary folder that is deleted in the end. Returns the rows and the machine's description.

    `record` gets all rows so far after each piece of work: a run that is interrupted has not measured for nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix="jettison-bench-", dir=base))
    try:
        if machine.filesystem(folder) in ("tmpfs", "ramfs"):
            sys.exit(f"{folder} is in memory, where durable writes cost nothing: give a --folder on a disk")
        rows: list[Row] = []
        for name in only:
            print(f"{_now():%H:%M:%S} {name}", file=sys.stderr, flush=True)
            place = folder / name
            place.mkdir()
            rows += ROWS[name](peers, scale, place)
            shutil.rmtree(place)
            if record is not None:
                record.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
        return rows, machine.describe(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _now() -> datetime.datetime:
    return datetime.datetime.now(tz=datetime.UTC)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
