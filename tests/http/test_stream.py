"""Downloads: many at once, and clients that go away in the middle."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.http.conftest import Connect
from tests.http.raw import head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of
from tests.support.server import JettisonServer

MIB = 1024 * 1024
READERS = 64


@pytest.fixture(scope="module")
def large(client: httpx2.Client) -> str:
    """The path of a blob of 64 MiB."""
    repository = Repository(client, "stream/large")
    return f"{repository.path}/blobs/{repository.push_blob(bytes(range(256)) * (64 * MIB // 256))}"


def test_many_readers_at_once_get_what_they_asked_for(connect: Connect, client: httpx2.Client) -> None:
    """64 connections, each with a blob, a part of it and small requests between, and none waits for another's end."""
    repository = Repository(client, "stream/readers")
    content = hashlib.shake_256(b"readers").digest(MIB + 1)
    path = f"{repository.path}/blobs/{repository.push_blob(content)}"
    begun = threading.Barrier(READERS)

    def read(number: int) -> bool:
        with connect() as own:
            begun.wait(30)
            start = number * 1000
            part = own.ask("GET", path, f"Range: bytes={start}-{start + 300_000}").body
            assert own.ask("GET", "/v2/").status == 200
            return own.ask("GET", path).body == content and part == content[start : start + 300_001]

    with ThreadPoolExecutor(READERS) as threads:
        assert all(threads.map(read, range(READERS)))


def test_stalled_readers_keep_nobody_waiting(connect: Connect, repository: Repository, large: str) -> None:
    """Thirty clients that ask for a large blob and read nothing of it cost the others nothing."""
    stalled = [connect() for _ in range(30)]
    try:
        for number, connection in enumerate(stalled):
            connection.send(head("GET", large, *(["Range: bytes=1-"] if number % 2 else [])))
        started = time.monotonic()
        digest = repository.push_image("pushed meanwhile", "v1")
        assert repository.has(digest)
        assert time.monotonic() - started < 5
    finally:
        for connection in stalled:
            connection.reset()


@pytest.mark.parametrize("how", ["FIN", "RST"])
@pytest.mark.parametrize("part", [False, True], ids=["whole", "part"])
def test_a_client_that_goes_away_ends_the_reading(
    server: JettisonServer, connect: Connect, large: str, part: bool, how: str
) -> None:
    """The file is closed, and most of it was never read."""
    wait_until_closed(server)
    before = bytes_read(server)
    with connect() as connection:
        connection.send(head("GET", large, *(["Range: bytes=1-"] if part else [])))
        assert len(connection.take(MIB)) == MIB
        assert open_blobs(server), "it has been read from"
        if how == "RST":
            connection.reset()

    wait_until_closed(server)
    assert bytes_read(server) - before < 48 * MIB


def open_blobs(server: JettisonServer) -> list[Path]:
    """The blobs that the server has open."""
    blobs = server.data.resolve() / "blobs"
    return [path for path in targets(server) if path.is_relative_to(blobs)]


def targets(server: JettisonServer) -> Iterator[Path]:
    """What the server's open files are."""
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        try:
            yield link.readlink()
        except FileNotFoundError:
            continue


def wait_until_closed(server: JettisonServer) -> None:
    """Wait until the server has no blob open. Fails after ten seconds."""
    deadline = time.monotonic() + 10
    while opened := open_blobs(server):
        assert time.monotonic() < deadline, opened
        time.sleep(0.01)


def bytes_read(server: JettisonServer) -> int:
    """All that the server has read so far, from files and connections."""
    [line] = [line for line in Path(f"/proc/{server.pid}/io").read_text().splitlines() if line.startswith("rchar:")]
    return int(line.split()[1])


@pytest.mark.parametrize("size", [10, 3 * MIB])
@pytest.mark.parametrize("left", [None, 5], ids=["gone", "short"])
def test_bytes_that_are_missing_are_the_servers_error(
    configured: JettisonServer, configured_repository: Repository, size: int, left: int | None
) -> None:
    """500 with what to do, where the file is not there or too short, not half a blob; pushing it again mends it."""
    content = hashlib.shake_256(f"{size} {left}".encode()).digest(size)
    digest = configured_repository.push_blob(content)
    path = f"{configured_repository.path}/blobs/{digest}"
    file = next(file for file in (configured.data / "blobs").glob("*/*") if file.read_bytes() == content)
    if left is None:
        file.unlink()
    else:
        file.write_bytes(content[:left])

    error = assert_refused(configured_repository.client.get(path), 500, "UNKNOWN")

    assert "push it again" in error.message
    assert str(configured.data) not in error.message
    assert digest_of(content) == configured_repository.push_blob(content)
    assert configured_repository.client.get(path).content == content
