"""The client and those that it is compared with: programs that do one piece of work on the same server.

What starting a program takes is measured in the same turn, and taken off: who writes a script pays it, but it says
nothing of the work. A program that does all of the work in one start (or in one for each page) is started for the least
of the same work instead, on a second server of the same kind that has next to nothing. Of a program that takes one
thing at a time the least would be the work itself: of such a one, started for each thing, as many at a time as the
client has requests, only the bare starts are taken off, those that ask nothing of any server. Its connections are its
own work.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import repository
from benchmarks.measurement import JETTISON, Goal, Row, Series, seconds
from benchmarks.peers.peer import Peer, Server, program, running

AT_A_TIME = 8
ROOT = Path(__file__).parents[2]
PROGRAMS = (JETTISON, "regctl", "crane", "skopeo")
_VERSION = {"regctl": ["version"], "crane": ["version"], "skopeo": ["--version"]}

Commands = Sequence[Sequence[str]]

STARTED = repository("started", 1)
"""All that the server has on which the least of some work is done."""
STARTS = 200
"""Bare starts that are measured, if there are more."""
MOMENT = 0.001
"""Seconds below which no difference is believed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The seconds of one program for a piece of work, and those of them that its starting takes."""

    whole: float
    starting: float


def served(peers: Sequence[Peer]) -> list[Peer]:
    """The one registry that all of them work on: distribution v3, else whatever registry is first."""
    registries = [peer for peer in peers if peer.is_registry]
    return [peer for peer in registries if peer.name == "distribution v3"][:1] or registries[:1]


@contextmanager
def pair(peers: Sequence[Peer], folder: Path) -> Iterator[tuple[Server, Server] | None]:
    """The server to work on, and another of the same peer that has `STARTED`; None where no peer is a registry."""
    least = folder / "least"
    least.mkdir()
    with running(served(peers), folder) as works, running(served(peers), least) as leasts:
        if works:
            leasts[0].fill([STARTED])
        yield (works[0], leasts[0]) if works else None


def address(server: Server) -> str:
    """The registry as a reference has it."""
    return f"127.0.0.1:{server.port}"


def installed() -> list[str]:
    """The programs that are here."""
    return [name for name in PROGRAMS if name == JETTISON or program(name) is not None]


def command(name: str, server: Server, *arguments: str) -> list[str]:
    """A program with these arguments, which may talk to the server without TLS."""
    if name == JETTISON:
        return [sys.executable, "-m", "jettison", *arguments]
    found = program(name)
    assert found is not None, name
    if name == "regctl":
        return [found, "--host", f"reg={address(server)},tls=disabled", *arguments]
    return [found, *arguments, *(["--insecure"] if name == "crane" else [])]


def run(commands: Commands, *, given: str = "", at_a_time: int = AT_A_TIME) -> list[str]:
    """Run all of them, several at a time; what each printed. Raises Refused where one fails."""
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor(at_a_time) as pool:
        environ = _environ(home)
        return list(pool.map(lambda each: _run(each, environ, given), commands))


def compared(
    name: str, what: str, turns: int, trial: Callable[[str, int], Trial], *, without: Sequence[str] = ()
) -> Row:
    """The row of a piece of work: each turn, which begins with the next program, has a trial of each of them.

    Those of `without` cannot do it. Its series are the seconds of each program, and the same start-up apart, on which
    the goal is.
    """
    names = [each for each in installed() if each not in without]
    trials: dict[str, list[Trial]] = {each: [] for each in names}
    for turn in range(turns):
        shift = turn % len(names)
        for each in [*names[shift:], *names[:shift]]:
            os.sync()
            trials[each].append(trial(each, turn))
    whole = [Series(each, tuple(one.whole for one in made)) for each, made in trials.items()]
    apart = [Series(f"{each} apart", _apart(made)) for each, made in trials.items()]
    return Row(name, what, "s", (*whole, *apart), (_fastest(dict(zip(names, apart, strict=True)), 1),))


def _apart(trials: Sequence[Trial]) -> tuple[float, ...]:
    """What each takes beside its start, and no less than starts differ by: nothing is known more exactly than that."""
    starts = [each.starting for each in trials]
    middle = statistics.median(starts)
    spread = max(statistics.median(abs(each - middle) for each in starts), MOMENT)
    return tuple(max(each.whole - each.starting, spread) for each in trials)


def bare_starts(name: str, times: int) -> float:
    """What so many starts take that ask nothing of any server, done as `run` does them."""
    sample = min(times, STARTS)
    return seconds(lambda: run([_start(name)] * sample)) * times / sample


def alone_seconds(name: str) -> float:
    """What starting it alone takes: it says its version."""
    with tempfile.TemporaryDirectory() as home:
        environ = _environ(home)
        return seconds(lambda: _run(_start(name), environ, ""))


def _fastest(apart: Mapping[str, Series], bound: float) -> Goal:
    """Jettison is at least `bound` times as fast as the fastest of the others; None of them: not measured."""
    others = {name: series.median for name, series in apart.items() if name != JETTISON}
    if not others:
        return Goal(f"at least {bound:g}x the fastest other client, start-up apart", None, bound)
    best = min(others, key=lambda name: others[name])
    return Goal(f"at least {bound:g}x {best}, start-up apart", others[best] / apart[JETTISON].median, bound)


def _start(name: str) -> Sequence[str]:
    if name == JETTISON:
        return [sys.executable, "-m", "jettison", "--version"]
    return [program(name) or name, *_VERSION[name]]


def _run(arguments: Sequence[str], environ: Mapping[str, str], given: str) -> str:
    done = subprocess.run(arguments, env=environ, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{' '.join(arguments)[:200]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def _environ(home: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": home,
        "XDG_RUNTIME_DIR": home,
        "TMPDIR": home,
    }
