"""CNCF distribution: version 3 built by Go, and Debian's 2.8."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.connection import Connection, request
from benchmarks.content import Repository
from benchmarks.peers.peer import Peer, Server, program

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
  cache:
    blobdescriptor: inmemory
http:
  addr: 127.0.0.1:{port}
"""


class _Distribution(Peer):
    executable: str

    def version(self) -> str | None:
        """The last word of what `--version` says, None where the program is not installed."""
        path = program(self.executable)
        if path is None:
            return None
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return said.split()[-1].removesuffix("+unknown")

    def command(self, folder: Path, port: int) -> Sequence[str]:
        """`serve` with the descriptor cache in memory, deletion enabled and no access log."""
        config = folder / "config.yml"
        config.write_text(_CONFIG.format(data=folder / "data", port=port))
        return [program(self.executable) or self.executable, "serve", str(config)]

    def erase(self, connection: Connection, repository: Repository) -> None:
        """DELETE of each manifest, by its digest."""
        for version in repository.versions:
            connection.send(request("DELETE", f"/v2/{repository.name}/manifests/{version.digest}"), 202)

    def collect(self, server: Server) -> None:
        """Its garbage-collect, for whose time nobody may write."""
        command = [program(self.executable) or self.executable, "garbage-collect", str(server.folder / "config.yml")]
        subprocess.run(command, env={**os.environ, **self.environ()}, capture_output=True, check=True)


class Distribution3(_Distribution):
    """distribution v3, from the Go proxy."""

    name = "distribution v3"
    short = "v3"
    executable = "registry"
    advice = "`make parts` (it needs Go 1.24 or newer)"

    def environ(self) -> Mapping[str, str]:
        """Without this, version 3 sends a trace of each request to a collector that is not there."""
        return {"OTEL_TRACES_EXPORTER": "none"}


class Distribution2(_Distribution):
    """distribution 2.8, Debian's docker-registry."""

    name = "docker-registry 2.8"
    short = "v2"
    executable = "docker-registry"
    advice = "`make parts` as root, or: apt-get install docker-registry"
