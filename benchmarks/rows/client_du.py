"""Reading what a registry's tags lead to, as is needed to say where its bytes are, by the client and by others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import Repository, repositories
from benchmarks.measurement import JETTISON, Row, seconds
from benchmarks.peers.peer import Peer, Server, running
from benchmarks.rows.client_programs import address, command, fastest, installed, run, sampled, served
from benchmarks.scale import Scale

TAGS = 2


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Seconds of `jettison du`, and of a script that reads the tags and manifests with another program."""
    with running(served(peers), folder) as servers:
        if not servers:
            return []
        server = servers[0]
        stock = repositories("used", scale.repositories, TAGS)
        server.fill(stock)
        names = [name for name in installed() if name != "skopeo"]

        def work(name: str, turn: int) -> tuple[float, int]:
            del turn
            return seconds(lambda: _read(name, server, stock)), 1 if name == JETTISON else len(stock) * (1 + TAGS)

        taken, apart = sampled(server, names, scale.samples, work)
    what = f"a client reads all manifests of {scale.repositories} repositories x {TAGS} tags, as du does"
    return [Row("client-du", what, "s", taken, (fastest(apart, 1),))]


def _read(name: str, server: Server, stock: Sequence[Repository]) -> None:
    host = address(server)
    if name == JETTISON:
        shown = run([command(name, server, "du", f"{host}/used/**", "--jsonl")])[0]
        if len(shown.splitlines()) != len(stock):
            raise Refused(f"du has {len(shown.splitlines())} repositories of {len(stock)}")
        return
    listing, reading = (["tag", "ls"], ["manifest", "get"]) if name == "regctl" else (["ls"], ["manifest"])
    listed = run([command(name, server, *listing, f"{host}/{each.name}") for each in stock])
    tagged = [f"{host}/{each.name}:{tag}" for each, tags in zip(stock, listed, strict=True) for tag in tags.split()]
    if len(tagged) != len(stock) * TAGS:
        raise Refused(f"{name} lists {len(tagged)} tags")
    run([command(name, server, *reading, each) for each in tagged])
