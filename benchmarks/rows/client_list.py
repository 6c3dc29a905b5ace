"""Listing all repositories of a registry, by the client and by others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import repositories
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server
from benchmarks.rows.client_programs import Trial, address, command, compared, pair, run
from benchmarks.scale import Scale

PAGE = 1000
TURNS = 4
"""Turns for each sample of the scale: one takes a fraction of a second, most of which is starting."""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of each client that lists repositories; least is to list the one of a registry that has one."""
    with pair(peers, folder) as servers:
        if servers is None:
            return []
        server, least = servers
        server.fill(repositories("listed", scale.catalog, 1))

        def trial(name: str, turn: int) -> Trial:
            del turn
            starts = scale.catalog // PAGE + 1 if name == "regctl" else 1
            starting = sum(_listed(name, least, 1) for _ in range(starts))
            return Trial(_listed(name, server, scale.catalog), starting)

        what = f"a client lists {scale.catalog} repositories; apart: less its time for a registry of one"
        return [compared("client-list", what, scale.samples * TURNS, trial, without=("skopeo",))]


def _listed(name: str, server: Server, expected: int) -> float:
    found: list[str] = []
    spent = seconds(lambda: found.extend(_list(name, server)))
    if len(found) != expected:
        raise Refused(f"{name} lists {len(found)} repositories of {expected}")
    return spent


def _list(name: str, server: Server) -> list[str]:
    """All repositories. regctl reads one page at a time; the others read all of them."""
    if name == JETTISON:
        return run([command(name, server, "ls", address(server))])[0].split()
    if name == "crane":
        return run([command(name, server, "catalog", address(server))])[0].split()
    found: list[str] = []
    while True:
        after = ["--last", found[-1]] if found else []
        page = run([command(name, server, "repo", "ls", *after, "--limit", str(PAGE), address(server))])[0].split()
        found += page
        if len(page) < PAGE:
            return found
