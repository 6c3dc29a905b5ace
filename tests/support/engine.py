"""A real container engine started by the tests: containerd and dockerd with folders and sockets of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

from .command import run
from .daemon import Daemon
from .parts import program

START_SECONDS = 30

# No network plug-ins and no Kubernetes interface: the tests only move images.
_CONTAINERD_CONFIG = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{socket}"
[ttrpc]
address = "{socket}.ttrpc"
"""


class Containerd:
    """A running containerd. A context manager: leaving it stops it and removes its folder."""

    def __init__(self) -> None:
        # Sockets have short paths: at most 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="jettison-engine-"))
        self.socket = self.folder / "containerd.sock"
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises DaemonDied with its log, or TimeoutError."""
        config = self.folder / "containerd.toml"
        config.write_text(_CONTAINERD_CONFIG.format(folder=self.folder, socket=self.socket))
        self._daemon = Daemon([program("containerd"), "--config", str(config)], self.folder / "containerd.log")
        self._daemon.wait_until(self._answers, "answering", START_SECONDS)

    def stop(self) -> None:
        """Stop it and remove its folder."""
        try:
            if self._daemon is not None:
                self._daemon.stop()
        finally:
            remove(self.folder)

    def ctr(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `ctr` against it; see :func:`.command.run`."""
        return run([program("ctr"), "--address", str(self.socket), *arguments], check=check)

    def _answers(self) -> bool:
        return self.ctr("version", check=False).returncode == 0


class DockerEngine:
    """A running dockerd on a containerd of its own. A context manager: leaving it stops both and all they started.

    It has no bridge and changes no firewall; registries on loopback need no TLS, as everywhere in Docker.
    """

    def __init__(self) -> None:
        self.containerd = Containerd()
        self.folder = self.containerd.folder
        self.host = f"unix://{self.folder}/docker.sock"
        self._daemon: Daemon | None = None

    def __enter__(self) -> Self:
        try:
            self.containerd.start()
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which `docker` finds this engine, and an empty configuration."""
        own = {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.folder / "client"), "DOCKER_BUILDKIT": "0"}
        return {**os.environ, **own}

    @property
    def log(self) -> str:
        """All dockerd has printed."""
        return (self.folder / "dockerd.log").read_text(errors="replace")

    def start(self) -> None:
        """Start dockerd and wait until it answers. Raises DaemonDied with its log, or TimeoutError."""
        folder = self.folder
        command = [program("dockerd"), "--host", self.host, "--containerd", str(self.containerd.socket)]
        command += ["--data-root", str(folder / "docker"), "--exec-root", str(folder / "docker-exec")]
        command += ["--pidfile", str(folder / "docker.pid"), "--config-file", str(folder / "daemon.json")]
        command += ["--storage-driver=vfs", "--bridge=none", "--iptables=false", "--ip6tables=false"]
        (folder / "daemon.json").write_text("{}")
        self._daemon = Daemon(command, folder / "dockerd.log")
        self._daemon.wait_until(self._answers, "answering", START_SECONDS)

    def stop(self) -> None:
        """Stop both, and remove their folder."""
        try:
            if self._daemon is not None:
                self._daemon.stop(30)
        finally:
            self.containerd.stop()

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `docker` against it; see :func:`.command.run`."""
        return run([program("docker"), *arguments], environ=self.environ, check=check)

    def _answers(self) -> bool:
        return self.docker("version", check=False).returncode == 0


def remove(folder: Path) -> None:
    """Remove ``folder``, whatever is still mounted below it."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((path for path in mounted if path.startswith(f"{folder}/")), reverse=True):
        with contextlib.suppress(AssertionError):
            run([program("umount"), "--lazy", place])
    shutil.rmtree(folder, ignore_errors=True)
