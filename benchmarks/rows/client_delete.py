"""Deleting many tags of several repositories, by the client and by others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import Repository, repositories
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.rows.client_programs import address, command, fastest, installed, run, sampled, served
from benchmarks.scale import Scale

REPOSITORIES = 20
SHARE = 100
"""Of the tags of a crowded repository, one in so many goes of each repository here: 1,000 of 20 in a full run."""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of each client; Jettison plans, writes its journal, checks each tag, and looks that all are gone."""
    tags = max(1, scale.crowded_tags // SHARE)
    with running(served(peers), folder) as servers:
        if not servers:
            return []
        server = servers[0]
        names = installed()

        def work(name: str, turn: int) -> tuple[float, int]:
            stock = repositories(f"{name.lower()}/turn-{turn}", REPOSITORIES, tags)
            server.fill(stock)
            references = [f"{address(server)}/{each.name}:{version.tag}" for each in stock for version in each.versions]
            spent = seconds(lambda: _delete(name, server, references))
            _check(server, stock)
            return spent, 1 if name == JETTISON else len(references)

        taken, apart = sampled(server, names, scale.samples, work)
    what = f"a client deletes {tags * REPOSITORIES} tags of {REPOSITORIES} repositories"
    return [Row("client-delete", what, "s", taken, (fastest(apart, 1),))]


def _delete(name: str, server: Server, references: Sequence[str]) -> None:
    if name == JETTISON:
        run([command(name, server, "rm", "--yes", "-")], given="\n".join(references))
    elif name == "regctl":
        run([command(name, server, "tag", "delete", each) for each in references])
    elif name == "crane":
        run([command(name, server, "delete", each) for each in references])
    else:
        run([command(name, server, "delete", "--tls-verify=false", f"docker://{each}") for each in references])


def _check(server: Server, stock: Sequence[Repository]) -> None:
    for each in stock:
        left = json.loads(server.get(f"/v2/{each.name}/tags/list"))["tags"]
        if left:
            raise Refused(f"{each.name} still has {len(left)} tags")
