from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jettison.server import idle
from jettison.server.idle import Idle
from tests.server.running import until

STILL = 0.3


@contextmanager
def pair(listening: socket.socket) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client, and the server's end of its connection."""
    with socket.create_connection(listening.getsockname(), 5) as client:
        served, _ = listening.accept()
        with served:
            yield client, served


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket that listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def is_ended(client: socket.socket) -> bool:
    """Whether the other side has ended the connection."""
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_a_connection_on_which_nothing_moves_is_ended(listening: socket.socket) -> None:
    """One that never said a word, and one that said something long ago."""
    with pair(listening) as (silent, _), pair(listening) as (spoke, served):
        spoke.sendall(b"a")
        served.recv(1)
        time.sleep(2 * STILL)
        Idle(listening, watch=True, still=STILL).end()
        assert is_ended(silent)
        assert is_ended(spoke)


def test_a_connection_on_which_something_moves_stays(listening: socket.socket) -> None:
    """Either way: a download says nothing for hours, and an upload hears nothing."""
    ended = Idle(listening, watch=True, still=STILL)
    with pair(listening) as (upload, takes), pair(listening) as (download, gives):
        for _ in range(6):
            upload.sendall(b"a")
            takes.recv(1)
            gives.sendall(b"a")
            download.recv(1)
            time.sleep(STILL / 3)
            ended.end()
        assert not is_ended(upload)
        assert not is_ended(download)


def test_connections_of_others_stay(listening: socket.socket) -> None:
    """Those of another port, and what only listens, are none of its business."""
    with socket.create_server(("127.0.0.1", 0)) as other, pair(other) as (client, _):
        time.sleep(2 * STILL)
        Idle(listening, watch=True, still=STILL).end()
        assert not is_ended(client)
        with pair(listening) as (fresh, _):
            assert not is_ended(fresh)


def test_nothing_is_kept_open(listening: socket.socket, tmp_path: Path) -> None:
    """Looking at files and sockets leaves none behind."""
    with (tmp_path / "file").open("w"), pair(listening):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            Idle(listening, watch=True, still=0).end()
        assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_it_looks_now_and_then(listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is entered, and only where it was asked to."""
    monkeypatch.setattr(idle, "LOOK_SECONDS", 0.1)
    with pair(listening) as (client, _):
        with Idle(listening, watch=False, still=0.01):
            time.sleep(0.5)
        assert not is_ended(client)
        with Idle(listening, watch=True, still=STILL):
            assert until(lambda: is_ended(client))


def test_sockets_of_files_are_left_alone(tmp_path: Path) -> None:
    """Nobody but this machine's users reaches them, and the kernel tells no times of them."""
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        client.connect(str(tmp_path / "socket"))
        with listening.accept()[0], Idle(listening, watch=True, still=0):
            assert not is_ended(client)
