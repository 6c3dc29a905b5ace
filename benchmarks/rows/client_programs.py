"""The client and those that it is compared with: programs that do one piece of work on the same server.

Programs that take one thing at a time are started for each, as many at a time as the client has requests. What starting
them and one request take is measured apart, by listing the one tag of a repository, and taken off: who writes a script
pays it, but it says nothing of the work.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import repository
from benchmarks.measurement import JETTISON, Goal, Series, seconds
from benchmarks.peers.peer import Peer, Server, program

AT_A_TIME = 8
ROOT = Path(__file__).parents[2]
PROGRAMS = (JETTISON, "regctl", "crane", "skopeo")
_VERSION = {"regctl": ["version"], "crane": ["version"], "skopeo": ["--version"]}

Commands = Sequence[Sequence[str]]

STARTED = repository("started", 1)
"""What is listed to see what starting takes."""


def served(peers: Sequence[Peer]) -> list[Peer]:
    """The one registry that all of them work on: distribution v3, else whatever registry is first."""
    registries = [peer for peer in peers if peer.is_registry]
    return [peer for peer in registries if peer.name == "distribution v3"][:1] or registries[:1]


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


def sampled(
    server: Server, names: Sequence[str], samples: int, work: Callable[[str, int], tuple[float, int]]
) -> tuple[tuple[Series, ...], tuple[Series, ...]]:
    """The seconds of each program, each turn beginning with the next one; and the same without starting it.

    `work` does a turn of a program; it returns its seconds, and how many times the program was started for it.
    """
    taken: dict[str, list[float]] = {name: [] for name in names}
    apart: dict[str, list[float]] = {name: [] for name in names}
    server.fill([STARTED])
    starts = {name: (start_seconds(name, server, 1), start_seconds(name, server, AT_A_TIME)) for name in names}
    for turn in range(samples):
        shift = turn % len(names)
        for name in [*names[shift:], *names[:shift]]:
            os.sync()
            spent, started = work(name, turn)
            taken[name].append(spent)
            alone, beside = starts[name]
            apart[name].append(max(spent - (alone if started == 1 else beside * started), 0.001))
    return (
        tuple(Series(name, tuple(values)) for name, values in taken.items()),
        tuple(Series(name, tuple(values)) for name, values in apart.items()),
    )


def start_seconds(name: str, server: Server, at_a_time: int) -> float:
    """What a start with one request takes, where so many are done at a time, divided by how many those are."""
    where = f"{address(server)}/{STARTED.name}"
    listing = {JETTISON: ["tags"], "regctl": ["tag", "ls"], "crane": ["ls"]}
    if name == "skopeo":
        asked = command(name, server, "list-tags", "--tls-verify=false", f"docker://{where}")
    else:
        asked = command(name, server, *listing[name], where)
    times = 3 * at_a_time
    return statistics.median(seconds(lambda: run([asked] * times, at_a_time=at_a_time)) / times for _ in range(3))


def alone_seconds(name: str) -> float:
    """What starting it alone takes: it says its version."""
    with tempfile.TemporaryDirectory() as home:
        environ = _environ(home)
        return seconds(lambda: _run(_start(name), environ, ""))


def fastest(series: Sequence[Series], bound: float) -> Goal:
    """Jettison is at least `bound` times as fast as the fastest of the others; None of them: not measured."""
    medians = {each.peer: each.median for each in series}
    others = {name: median for name, median in medians.items() if name != JETTISON}
    if not others:
        return Goal(f"at least {bound:g}x the fastest other client", None, bound)
    best = min(others, key=lambda name: others[name])
    return Goal(f"at least {bound:g}x {best}, start-up apart", others[best] / medians[JETTISON], bound)


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
