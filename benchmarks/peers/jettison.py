"""Jettison: SQLite and the filesystem, durable, as it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers.peer import Peer

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
