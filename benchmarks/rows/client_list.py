"""Listing all repositories of a registry, by the client and by others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import repositories
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.rows.client_programs import address, command, fastest, installed, run, sampled, served
from benchmarks.scale import Scale

PAGE = 1000


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of each client that lists repositories."""
    with running(served(peers), folder) as servers:
        if not servers:
            return []
        server = servers[0]
        server.fill(repositories("listed", scale.catalog - 1, 1))
        names = [name for name in installed() if name != "skopeo"]

        def work(name: str, turn: int) -> tuple[float, int]:
            del turn
            found: list[str] = []
            spent = seconds(lambda: found.extend(_list(name, server)))
            starts = scale.catalog // PAGE + 1 if name == "regctl" else 1
            if len(found) != scale.catalog:
                raise Refused(f"{name} lists {len(found)} repositories of {scale.catalog}")
            return spent, starts

        taken, apart = sampled(server, names, scale.samples, work)
    return [Row("client-list", f"a client lists {scale.catalog} repositories", "s", taken, (fastest(apart, 1),))]


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
