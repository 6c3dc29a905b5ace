"""Manifest GET with a bearer token: the same requests to Jettison with accounts and without; wrk, over all tags."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.connection import Refused, request
from benchmarks.content import MANIFEST_TYPE, Repository, repositories
from benchmarks.measurement import JETTISON, Goal, Row, alternate, ratio
from benchmarks.peers.jettison import Jettison
from benchmarks.peers.peer import Peer, Server, program, running
from benchmarks.scale import Scale

CONNECTIONS = 32
THREADS = 2
OPEN = "Jettison, nobody is asked"

# Each thread makes its requests once and begins at another place of the circle.
_SCRIPT = """\
local threads = 0
function setup(thread)
  thread:set("start", threads * {share})
  threads = threads + 1
end
function init(args)
  requests = {{}}
  for line in io.lines("{lines}") do
    local path, token = line:match("^(%S+) (%S+)$")
    local headers = {{["Accept"] = "{accept}", ["Authorization"] = "Bearer " .. token}}
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  turn = start
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
"""


class Guarded(Jettison):
    """Jettison with accounts, once it is filled and started again: everybody may pull, by a token."""

    short = "guarded"
    guarded = False

    def environ(self) -> Mapping[str, str]:
        """With accounts, where that is wanted."""
        return {**super().environ(), **({"REGISTRY_AUTH": "jettison"} if self.guarded else {})}

    def fill(self, server: Server, repositories: Sequence[Repository]) -> None:
        """Fill it while nobody is asked."""
        super().fill(server, repositories)
        config = str(server.folder / "config.yml")
        command = [
            *self.command(server.folder, server.port)[:3],
            "grant",
            "add",
            "anonymous",
            "**:pull",
            "--config",
            config,
        ]
        subprocess.run(command, env={**os.environ, **super().environ()}, check=True, capture_output=True, timeout=60)
        self.guarded = True
        server.restart()


class Open(Jettison):
    """Jettison as it comes."""

    name = OPEN
    short = "open"


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Requests per second with a token for each repository, and of the same requests where nobody is asked."""
    if not any(peer.name == JETTISON for peer in peers):
        return []
    stock = repositories("library", scale.repositories, scale.tags)
    with _filled(folder, stock) as servers:
        guarded = servers[0]
        script = _script(folder, stock, {each.name: _token(guarded, each.name) for each in stock})
        _check(guarded)
        (rates,) = alternate(servers, scale.samples, lambda server, turn: (_wrk(server, script, scale.seconds),))
    work = f"manifest GET by tag with a bearer token, {CONNECTIONS} connections, {scale.seconds} s"
    goal = Goal("at least 0.8x without authentication", ratio(rates, JETTISON, OPEN), 0.8)
    return [Row("bearer", work, "requests/s", rates, (goal,))]


@contextmanager
def _filled(folder: Path, stock: Sequence[Repository]) -> Iterator[list[Server]]:
    with running([Guarded(), Open()], folder) as servers:
        for server in servers:
            server.fill(stock)
        yield servers


def _token(server: Server, name: str) -> str:
    token: str = json.loads(server.get(f"/token?scope=repository:{name}:pull"))["token"]
    return token


def _check(server: Server) -> None:
    """Without a token from `/token` it asks for one: else nothing would be measured."""
    with server.connect() as connection:
        connection.send(request("GET", "/v2/"), 401)


def _script(folder: Path, stock: Sequence[Repository], tokens: Mapping[str, str]) -> Path:
    lines = [
        f"/v2/{each.name}/manifests/{version.tag} {tokens[each.name]}" for each in stock for version in each.versions
    ]
    listing = folder / "requests"
    listing.write_text("\n".join(lines))
    script = folder / "bearer.lua"
    script.write_text(_SCRIPT.format(share=len(lines) // THREADS, lines=listing, accept=MANIFEST_TYPE))
    return script


def _wrk(server: Server, script: Path, seconds: int) -> float:
    options = [f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
    command = [program("wrk") or "wrk", *options, f"http://127.0.0.1:{server.port}/"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", said, re.MULTILINE)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise Refused(f"wrk against {server.name}:\n{said}")
    return float(rate[1])
