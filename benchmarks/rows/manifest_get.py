"""Manifest GET by tag: wrk, cycling over all tags of all repositories."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.connection import Refused
from benchmarks.content import MANIFEST_TYPE, Repository, repositories
from benchmarks.measurement import Row, alternate, higher
from benchmarks.peers.peer import Peer, Server, program, running
from benchmarks.scale import Scale

CONNECTIONS = 32
THREADS = 2

# Each thread makes its requests once and begins at another place of the circle.
_SCRIPT = """\
local threads = 0
function setup(thread)
  thread:set("start", threads * {share})
  threads = threads + 1
end
function init(args)
  requests = {{}}
  for line in io.lines("{paths}") do
    requests[#requests + 1] = wrk.format("GET", line, {{["Accept"] = "{accept}"}})
  end
  turn = start
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
"""


def measure(peers: Sequence[Peer], scale: Scale, folder: Path) -> list[Row]:
    """Requests per second of every peer."""
    stock = repositories("library", scale.repositories, scale.tags)
    script = write_script(folder, stock)
    with running(peers, folder) as servers:
        for server in servers:
            server.fill(stock)
            _check(server, stock[-1])
        (rates,) = alternate(
            servers, scale.samples, lambda server, turn: (rate(server.name, server.port, script, scale.seconds),)
        )
    work = (
        f"manifest GET by tag, {CONNECTIONS} connections, {scale.repositories} repositories x {scale.tags} tags, "
        f"{scale.seconds} s"
    )
    goals = (higher(rates, "distribution v3", 3), higher(rates, "nginx", 0.4))
    return [Row("manifest-get", work, "requests/s", rates, goals)]


def write_script(folder: Path, stock: Sequence[Repository]) -> Path:
    """What has wrk ask for every tag of `stock`, again and again."""
    paths = [f"/v2/{each.name}/manifests/{version.tag}" for each in stock for version in each.versions]
    listing = folder / "paths"
    listing.write_text("\n".join(paths))
    script = folder / "tags.lua"
    script.write_text(_SCRIPT.format(share=len(paths) // THREADS, paths=listing, accept=MANIFEST_TYPE))
    return script


def _check(server: Server, repository: Repository) -> None:
    version = repository.versions[-1]
    path = f"/v2/{repository.name}/manifests/{version.tag}"
    if server.get(path, {"Accept": MANIFEST_TYPE}) != version.content:
        raise Refused(f"{server.name} serves other bytes at {path} than were pushed")


def rate(name: str, port: int, script: Path, seconds: int) -> float:
    """Requests per second that `port`, where `name` listens, answers. Raises Refused where one is no success."""
    options = [f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script)]
    command = [program("wrk") or "wrk", *options, f"http://127.0.0.1:{port}/"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=True).stdout
    found = re.search(r"^Requests/sec:\s+([\d.]+)$", said, re.MULTILINE)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise Refused(f"wrk against {name}:\n{said}")
    return float(found[1])
