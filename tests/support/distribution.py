"""CNCF distribution, the registry that Jettison is compared with, in a process of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

from .daemon import Daemon
from .parts import program
from .ports import free_port
from .server import answers, merged


class DistributionServer:
    """`registry serve CONFIG` on a free port, its data in a temporary folder. A context manager.

    ``part`` says which: "registry" is version 3 (the part "distribution"), "docker-registry" is Debian's 2.8.
    ``config`` is merged over a configuration that allows deletion and keeps the default in-memory cache.
    """

    def __init__(self, part: str = "registry", *, config: Mapping[str, Any] | None = None) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="distribution-", ignore_cleanup_errors=True)
        self.folder = Path(self._scratch.name)
        self.data = self.folder / "data"
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self._program = program(part)
        self._config = config or {}
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._scratch.cleanup()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            if self._daemon is not None:
                self._daemon.stop()
        finally:
            self._scratch.cleanup()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._daemon is not None, "the server was not started"
        return self._daemon.pid

    def _start(self) -> None:
        base = {
            "version": 0.1,
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "http": {"addr": self.address},
            "storage": {
                "cache": {"blobdescriptor": "inmemory"},
                "delete": {"enabled": True},
                "filesystem": {"rootdirectory": str(self.data)},
            },
        }
        file = self.folder / "config.yml"
        config = merged(base, self._config)
        file.write_text(yaml.safe_dump(config))
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("REGISTRY_", "OTEL_"))}
        environ["OTEL_TRACES_EXPORTER"] = "none"  # version 3 would look for a collector
        self._daemon = Daemon([self._program, "serve", str(file)], self.folder / "log", environ=environ)
        try:
            port, path = int(self.address.rpartition(":")[2]), f"{config['http'].get('prefix', '').rstrip('/')}/v2/"
            self._daemon.wait_until(lambda: answers(port, path), f"answering on {self.url}{path}")
        except BaseException:
            self._daemon.kill()
            raise
