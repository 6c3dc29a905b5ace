"""Giving back the bytes of what was deleted: beside distribution's collector, in a larger registry, beside readers."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.connection import Refused, request
from benchmarks.content import Repository, repositories
from benchmarks.measurement import JETTISON, Goal, Row, Series, alternate, quicker, ratio, seconds
from benchmarks.peers.distribution import Distribution3
from benchmarks.peers.jettison import SweptJettison
from benchmarks.peers.peer import FILL_CLIENTS, Peer, Server, running
from benchmarks.push import push
from benchmarks.scale import Scale

TIMES_LARGER = 10
PAUSE = 0.001
"""Seconds between two reads of one connection: without it the readers would wait for each other, not for the sweep."""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of a collection, the same in a larger registry, and the slowest reads beside it."""
    short = {peer.short for peer in peers}
    compared: list[Peer] = [peer for peer in (SweptJettison(), Distribution3()) if peer.short in short]
    kept = repositories("kept", scale.kept, scale.tags)
    with running(compared, folder) as servers:
        for server in servers:
            server.fill(kept)
            server.peer.collect(server)
        (elapsed,) = alternate(servers, scale.samples, lambda server, turn: (_collection(server, scale, turn),))
        manifests = scale.kept * scale.tags
        work = f"freeing {scale.garbage} deleted repositories of {scale.kept}, {manifests} manifests in all"
        rows = [Row("sweep", work, "s", elapsed, (quicker(elapsed, "distribution v3", 100),))]
        for server in servers:
            if server.name == JETTISON:
                rows += [_larger(server, scale, folder), _reads(server, scale, kept)]
    return rows


def _collection(server: Server, scale: Scale, turn: int) -> float:
    """Push garbage, delete it, and give its bytes back; pushes go on meanwhile where the server stands them."""
    garbage = repositories(f"garbage-{turn}", scale.garbage, scale.tags)
    push(server.port, garbage, FILL_CLIENTS)
    _erase(server, garbage)
    if server.name != JETTISON:
        return seconds(lambda: server.peer.collect(server))
    with _pushing(server, f"beside-{turn}"):
        return seconds(lambda: server.peer.collect(server))


def _erase(server: Server, garbage: Sequence[Repository]) -> None:
    with server.connect() as connection:
        for repository in garbage:
            server.peer.erase(connection, repository)


@contextmanager
def _pushing(server: Server, prefix: str) -> Iterator[None]:
    """A client pushes one repository after another."""
    ended = threading.Event()

    def work() -> None:
        for repository in repositories(prefix, 1000, 2):
            if ended.is_set():
                return
            push(server.port, [repository], 1)

    with ThreadPoolExecutor(1) as client:
        pushed = client.submit(work)
        try:
            yield
        finally:
            ended.set()
            pushed.result()


def _larger(server: Server, scale: Scale, folder: Path) -> Row:
    """The same garbage beside what is there, and beside ten times as much, in turn."""
    place = folder / "larger"
    place.mkdir()
    peer = SweptJettison()
    with running([peer], place) as [large]:
        peer.fill_at_rest(large, "kept", TIMES_LARGER * scale.kept, scale.tags)
        peer.collect(large)
        taken: dict[str, list[float]] = {"larger": [], "smaller": []}
        for turn in range(scale.samples):
            for name, each in (("smaller", server), ("larger", large)):
                garbage = repositories(f"same-{turn}", scale.garbage, scale.tags)
                push(each.port, garbage, FILL_CLIENTS)
                _erase(each, garbage)
                taken[name].append(seconds(lambda each=each: each.peer.collect(each)))  # type: ignore[misc]
    series = tuple(Series(name, tuple(values)) for name, values in taken.items())
    goal = Goal("at most 1.2x", ratio(series, "larger", "smaller"), 1.2, at_most=True)
    work = f"the same garbage in a registry of {TIMES_LARGER * scale.kept * scale.tags} manifests"
    return Row("sweep-larger", work, "s", series, (goal,))


def _reads(server: Server, scale: Scale, kept: Sequence[Repository]) -> Row:
    """The 99th percentile of manifest GETs while a sweep is at work, and for as long without one, in turn."""
    paths = [f"/v2/{each.name}/manifests/{each.versions[0].tag}" for each in kept]
    busy: list[float] = []
    quiet: list[float] = []
    for turn in range(scale.samples):
        garbage = repositories(f"much-{turn}", 10 * scale.garbage, scale.tags)
        push(server.port, garbage, FILL_CLIENTS)
        _erase(server, garbage)
        began = time.perf_counter()
        busy.append(_slowest(server, scale, paths, lambda: server.peer.collect(server)))
        length = time.perf_counter() - began
        quiet.append(_slowest(server, scale, paths, lambda length=length: time.sleep(length)))  # type: ignore[misc]
    series = (Series("during a sweep", tuple(busy)), Series("without", tuple(quiet)))
    goal = Goal("under 1.5x of without", ratio(series, "during a sweep", "without"), 1.5, at_most=True)
    return Row(
        "sweep-reads", f"p99 of manifest GET, {scale.readers} connections, during a sweep", "ms", series, (goal,)
    )


def _slowest(server: Server, scale: Scale, paths: Sequence[str], work: Callable[[], object]) -> float:
    """Read while `work` runs; the 99th percentile in milliseconds."""
    ended = threading.Event()

    def read(number: int) -> list[float]:
        taken: list[float] = []
        with server.connect() as connection:
            while not ended.wait(PAUSE):
                message = request("GET", paths[(number + len(taken)) % len(paths)])
                taken.append(seconds(lambda message=message: connection.send(message, 200)) * 1000)  # type: ignore[misc]
        return taken

    with ThreadPoolExecutor(scale.readers) as readers:
        share = len(paths) // scale.readers
        reading = [readers.submit(read, number * share) for number in range(scale.readers)]
        try:
            work()
        finally:
            ended.set()
        taken = [each for future in reading for each in future.result()]
    if len(taken) < 100:
        raise Refused(f"only {len(taken)} answers in that time: no percentile can be told from them")
    return statistics.quantiles(taken, n=100)[98]
