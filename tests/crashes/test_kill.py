"""kill -9 of the server under load, again and again: what it acknowledged is there, and nothing else is, in part."""

from __future__ import annotations

import http.client
import os
import random
import threading
from pathlib import Path

import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.sqlite import SQLiteDatabase, system_time
from jettison.oci.digest import Digest
from jettison.registry.registry import Registry
from tests.crashes.aftermath import nothing_is_left_over
from tests.crashes.client import Client, Repository, check, tags_of
from tests.support.server import JettisonServer

ROUNDS = int(os.environ.get("JETTISON_CRASH_ROUNDS", "50"))
CLIENTS = 16


@pytest.mark.slow
@pytest.mark.timeout(60 + 10 * ROUNDS)
def test_a_kill_loses_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    """Rounds of 16 clients at work, a kill at a random moment, a restart, and a look at every tag; then a sweep."""
    repositories = [[Repository(f"client{number}/{name}") for name in "ab"] for number in range(CLIENTS)]
    operations = 0
    with JettisonServer(tmp_path / "data", config={"log": {"accesslog": {"disabled": True}}}) as server:
        for number in range(ROUNDS):
            operations += one_round(server, repositories, last=number == ROUNDS - 1)
    print(f"{ROUNDS} kills, {operations} operations")
    assert operations > ROUNDS * CLIENTS
    leave(tmp_path / "data", [each for own in repositories for each in own])


def one_round(server: JettisonServer, repositories: list[list[Repository]], *, last: bool) -> int:
    """Work, kill, start, look. Returns how many operations there were."""
    stopping = threading.Event()
    clients = [Client(number, server.port, stopping, own) for number, own in enumerate(repositories)]
    for client in clients:
        client.start()
    stopping.wait(random.uniform(0.1, 0.8))
    server.kill()
    stopping.set()
    for client in clients:
        client.join(30)
        assert not client.is_alive()
    assert [line for client in clients for line in client.wrong] == []
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for own in repositories:
        for repository in own:
            settle(connection, repository)
    connection.close()
    if last:
        server.stop()
    return sum(client.operations for client in clients)


def settle(connection: http.client.HTTPConnection, repository: Repository) -> None:
    """The repository is as acknowledged, or as the request that was under way would have made it: one of the two."""
    possible = [repository.tags] if repository.maybe is None else [repository.tags, repository.maybe]
    listed = tags_of(connection, repository.name)
    assert listed in [set(state) for state in possible], f"{repository.name} lists {listed}"
    failures = []
    for state in possible:
        try:
            assert listed == set(state)
            check(connection, repository.name, state)
        except AssertionError as error:
            failures.append(str(error))
        else:
            repository.tags, repository.maybe = state, None
            return
    raise AssertionError(f"{repository.name} is neither before nor after: {failures}")


def leave(data: Path, repositories: list[Repository]) -> None:
    """When all leases and undo windows are over, the disk holds what manifests need, and nothing else."""
    shift = [0]

    def advance(length: int) -> None:
        shift[0] += length

    database = SQLiteDatabase(data / "jettison.db", clock=lambda: system_time() + shift[0])
    registry = Registry(database, FilesystemBlobs(data))
    nothing_is_left_over(registry, advance)
    tagged = {blob for repository in repositories for draft in repository.tags.values() for blob in draft.blobs}
    held = {Digest.unpack(row[0]) for row in database.read(lambda tx: tx.all("select digest from blob"))}
    assert {Digest.of(blob) for blob in tagged} <= held
    registry.close()
