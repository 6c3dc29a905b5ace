"""Taking over a tree of distribution where it lies: how long, and with how much memory, for one size and ten of it.

The larger tree holds each repository of the smaller one under ten names, with the same bytes, as where images are
promoted from one repository to the next: all manifests and tags are read and get rows of their own, but it takes
minutes less to make and to remove than one of ten times as many files.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.measurement import JETTISON, Goal, Row, Series, ratio
from benchmarks.peers.peer import Peer
from benchmarks.process import free_port
from benchmarks.scale import Scale
from benchmarks.tree import plant

BOUND_SECONDS = 60
TIMES = 10
# "Flat": what ten times as much may take more.
FLAT = 1.25


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of `jettison adopt`, with a new database each time; of ten times as much one run only."""
    jettison = next((peer for peer in peers if peer.name == JETTISON), None)
    if jettison is None:
        return []
    taken: list[tuple[int, Series, Series]] = []
    for times, samples in ((1, scale.samples), (TIMES, 1)):
        repositories = scale.catalog * times
        place = folder / f"x{times}"
        plant(place / "data", scale.catalog, scale.tags, times)
        runs = [_adopt(jettison, place, repositories * scale.tags) for _ in range(samples)]
        shutil.rmtree(place)
        name = f"{repositories * scale.tags}"
        spent, peak = zip(*runs, strict=True)
        taken.append((repositories, Series(JETTISON, spent), Series(name, peak)))
    return [*_times(scale, taken), _memory(taken)]


def _times(scale: Scale, taken: Sequence[tuple[int, Series, Series]]) -> list[Row]:
    rows = []
    for name, (repositories, spent, _), times in zip(("adopt", "adopt-10x"), taken, (1, TIMES), strict=True):
        bound = BOUND_SECONDS * times
        goal = Goal(f"under {bound} s", spent.median, bound, at_most=True, unit=" s")
        shared = f", each image stored once and in {times} of them" if times > 1 else ""
        work = f"adopting {repositories} repositories with {repositories * scale.tags} manifests{shared}"
        rows.append(Row(name, work, "s", (spent,), (goal,)))
    return rows


def _memory(taken: Sequence[tuple[int, Series, Series]]) -> Row:
    series = tuple(peak for _, _, peak in taken)
    reached = ratio(series, series[1].peer, series[0].peer)
    goal = Goal(f"flat (at most {FLAT}x)", reached, FLAT, at_most=True)
    return Row("adopt-memory", "peak memory of adopting so many manifests", "MB", series, (goal,))


def _adopt(jettison: Peer, place: Path, manifests: int) -> tuple[float, float]:
    """Adopt the tree in `place`/data with a new database; the seconds, and the most MB that were resident."""
    for file in (place / "data").glob("jettison*"):
        file.unlink()
    command = list(jettison.command(place, free_port()))
    command[command.index("serve")] = "adopt"
    os.sync()
    began = time.perf_counter()
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **jettison.environ()}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    said = (place / "log").read_text(errors="replace")
    if process.returncode or not re.search(rf"\b{manifests} manifests, {manifests} tags\b", said):
        raise Refused(f"{manifests} manifests were not adopted: {said[-2000:]}")
    return elapsed, usage.ru_maxrss * 1024 / 1e6
