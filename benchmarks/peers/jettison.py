"""Jettison: SQLite and the filesystem, durable, as it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.connection import Connection, request
from benchmarks.content import Repository
from benchmarks.peers.peer import Peer, Server

_SOURCE = Path(__file__).parents[2] / "src"
_CONFIG = """\
version: 0.1
log:
  level: error
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: {data}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:{port}
"""


class Jettison(Peer):
    """The working tree that the benchmarks lie in."""

    name = "Jettison"
    short = "jettison"
    advice = "make install"

    def version(self) -> str | None:
        """What `--version` says, None where this interpreter lacks what Jettison needs."""
        command = [sys.executable, "-m", "jettison", "--version"]
        environ = {**os.environ, **self.environ()}
        said = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30, check=False)
        return said.stdout.split()[-1] if said.returncode == 0 else None

    def command(self, folder: Path, port: int) -> Sequence[str]:
        """`jettison serve` by this interpreter."""
        config = folder / "config.yml"
        config.write_text(_CONFIG.format(data=folder / "data", port=port))
        return [sys.executable, "-m", "jettison", "serve", str(config)]

    def environ(self) -> Mapping[str, str]:
        """The working tree comes before an installed package."""
        return {"PYTHONPATH": str(_SOURCE)}

    def erase(self, connection: Connection, repository: Repository) -> None:
        """DELETE of the repository, without undo."""
        connection.send(request("DELETE", f"/v2/{repository.name}?purge=true"), 202)

    def collect(self, server: Server) -> None:
        """A sweep, beside whatever else is asked."""
        with server.connect() as connection:
            connection.send(request("POST", "/api/v1/sweep", b"{}", {"Content-Type": "application/json"}), 200)


class SweptJettison(Jettison):
    """Jettison that sweeps only when it is asked to, without a grace for readers: what is measured is one sweep."""

    def environ(self) -> Mapping[str, str]:
        """Both settings."""
        return {**super().environ(), "REGISTRY_JETTISON_SWEEP_INTERVAL": "0s", "REGISTRY_JETTISON_SWEEP_GRACE": "0s"}

    def fill_at_rest(self, server: Server, prefix: str, repositories: int, tags: int) -> None:
        """Stop it, fill it with many small repositories that share their blobs, and start it again."""
        server.process.stop()
        command = [sys.executable, "-m", "benchmarks.fill", str(server.folder / "config.yml"), prefix]
        subprocess.run([*command, str(repositories), str(tags)], env={**os.environ, **self.environ()}, check=True)
        server.restart()
