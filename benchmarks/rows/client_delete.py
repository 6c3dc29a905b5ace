"""Deleting many tags of several repositories, by the client and by others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import Repository, repositories, repository
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server
from benchmarks.rows.client_programs import STARTED, Trial, address, bare_starts, command, compared, pair, run
from benchmarks.scale import Scale

REPOSITORIES = 20
SHARE = 100
"""Of the tags of a crowded repository, one in so many goes of each repository here: 1,000 of 20 in a full run."""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of each client; Jettison plans, writes its journal, checks each tag, and looks that all are gone."""
    tags = max(1, scale.crowded_tags // SHARE)
    with pair(peers, folder) as servers:
        if servers is None:
            return []
        server, least = servers

        def trial(name: str, turn: int) -> Trial:
            stock = repositories(f"{name.lower()}/turn-{turn}", REPOSITORIES, tags)
            if name == JETTISON:
                starting = _spent(name, least, [repository(f"{STARTED.name}/turn-{turn}", 1)])
            else:
                starting = bare_starts(name, tags * REPOSITORIES)
            return Trial(_spent(name, server, stock), starting)

        what = (
            f"a client deletes {tags * REPOSITORIES} tags of {REPOSITORIES} repositories; apart: less its time for one "
            f"tag, the others' {tags * REPOSITORIES} bare starts"
        )
        return [compared("client-delete", what, scale.samples, trial)]


def _spent(name: str, server: Server, stock: Sequence[Repository]) -> float:
    """The seconds that deleting all tags of these repositories takes, which are pushed before."""
    server.fill(stock)
    references = [f"{address(server)}/{each.name}:{version.tag}" for each in stock for version in each.versions]
    spent = seconds(lambda: _delete(name, server, references))
    _check(server, stock)
    return spent


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
