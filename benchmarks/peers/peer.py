"""What a peer is: a program that serves a folder on a port, and can be filled."""

from __future__ import annotations

import contextlib
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.connection import Connection, request
from benchmarks.content import LargeFile, Repository
from benchmarks.process import Process, free_port
from benchmarks.push import push, push_file

FILL_CLIENTS = 8
BUILT = Path(__file__).parents[2] / ".parts" / "bin"


class Peer(ABC):
    """A program under measurement. `is_registry` is false for one that only serves files."""

    name: str
    short: str
    advice: str
    is_registry = True

    @abstractmethod
    def version(self) -> str | None:
        """The version of the installed program, None where it is not installed (`advice` says how to get it)."""

    @abstractmethod
    def command(self, folder: Path, port: int) -> Sequence[str]:
        """Write the configuration into `folder` and return the command that serves it on 127.0.0.1:`port`."""

    def environ(self) -> Mapping[str, str]:
        """Variables that the program needs."""
        return {}

    def fill(self, server: Server, repositories: Sequence[Repository]) -> None:
        """Make `server` serve `repositories`."""
        push(server.port, repositories, FILL_CLIENTS)

    def fill_file(self, server: Server, name: str, file: LargeFile) -> None:
        """Make `server` serve `file` as a blob of the repository `name`."""
        push_file(server.port, name, file)

    def erase(self, connection: Connection, repository: Repository) -> None:
        """Delete all of `repository`, so that its bytes are garbage."""
        raise NotImplementedError(f"{self.name} deletes nothing")

    def collect(self, server: Server) -> None:
        """Give back the bytes of all that was deleted; returns when they are free."""
        raise NotImplementedError(f"{self.name} collects nothing")


@dataclass(slots=True)
class Server:
    """A running peer, with its data in `folder`."""

    peer: Peer
    folder: Path
    port: int
    process: Process

    @property
    def name(self) -> str:
        """The name of the peer."""
        return self.peer.name

    def fill(self, repositories: Sequence[Repository]) -> None:
        """Make it serve `repositories`."""
        self.peer.fill(self, repositories)

    def fill_file(self, name: str, file: LargeFile) -> None:
        """Make it serve `file` as a blob of the repository `name`."""
        self.peer.fill_file(self, name, file)

    def connect(self) -> Connection:
        """A new connection to it."""
        return Connection(self.port)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of `path`. Raises Refused unless the answer is 200."""
        with self.connect() as connection:
            return connection.send(request("GET", path, headers=headers), 200).body

    def restart(self) -> float:
        """Stop it and start it on the same data. Returns the seconds from start to first answer."""
        self.process.stop()
        self.process = _process(self.peer, self.folder, self.port)
        return self.process.start_seconds


@contextlib.contextmanager
def running(peers: Sequence[Peer], folder: Path) -> Iterator[list[Server]]:
    """The servers of `peers`, each with new data under `folder`; in the end they are stopped and their data deleted."""
    servers: list[Server] = []
    try:
        for peer in peers:
            data = folder / peer.short
            data.mkdir()
            port = free_port()
            servers.append(Server(peer, data, port, _process(peer, data, port)))
        yield servers
    finally:
        for server in servers:
            server.process.stop()
        for peer in peers:
            shutil.rmtree(folder / peer.short, ignore_errors=True)


def program(name: str) -> str | None:
    """Where the program `name` is: built by `make parts`, on PATH, or where Debian keeps servers; None if nowhere."""
    return shutil.which(name, path=os.pathsep.join([str(BUILT), os.environ.get("PATH", os.defpath), "/usr/sbin"]))


def _process(peer: Peer, folder: Path, port: int) -> Process:
    return Process(peer.command(folder, port), peer.environ(), folder / "log", port)
