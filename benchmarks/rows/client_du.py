"""Reading what a registry's tags lead to, as is needed to say where its bytes are, by the client and by others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import Repository, repositories
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server
from benchmarks.rows.client_programs import Trial, address, bare_starts, command, compared, pair, run
from benchmarks.scale import Scale

TAGS = 2


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of `jettison du`, and of a script that reads the tags and manifests with another program."""
    with pair(peers, folder) as servers:
        if servers is None:
            return []
        server, least = servers
        stock = repositories("used", scale.repositories, TAGS)
        server.fill(stock)

        def trial(name: str, turn: int) -> Trial:
            del turn
            if name == JETTISON:
                return Trial(_used(server, len(stock)), _used(least, 1))
            starting = bare_starts(name, len(stock) * (1 + TAGS))
            return Trial(seconds(lambda: _read(name, server, stock)), starting)

        what = (
            f"a client reads all manifests of {scale.repositories} repositories x {TAGS} tags, as du does; apart: less "
            f"its time for a registry of one tag, the others' {len(stock) * (1 + TAGS)} bare starts"
        )
        return [compared("client-du", what, scale.samples, trial, without=("skopeo",))]


def _used(server: Server, expected: int) -> float:
    """The seconds of `du` over all repositories, of which so many are expected."""
    shown: list[str] = []
    spent = seconds(lambda: shown.extend(run([command(JETTISON, server, "du", address(server), "--jsonl")])))
    if len(shown[0].splitlines()) != expected:
        raise Refused(f"du has {len(shown[0].splitlines())} repositories of {expected}")
    return spent


def _read(name: str, server: Server, stock: Sequence[Repository]) -> None:
    host = address(server)
    listing, reading = (["tag", "ls"], ["manifest", "get"]) if name == "regctl" else (["ls"], ["manifest"])
    listed = run([command(name, server, *listing, f"{host}/{each.name}") for each in stock])
    tagged = [f"{host}/{each.name}:{tag}" for each, tags in zip(stock, listed, strict=True) for tag in tags.split()]
    if len(tagged) != len(stock) * TAGS:
        raise Refused(f"{name} lists {len(tagged)} tags")
    run([command(name, server, *reading, each) for each in tagged])
