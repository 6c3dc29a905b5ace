"""Faults beneath a running server: what is lost is said, of what is lost alone, and what comes back is used again."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from jettison.oci.digest import Digest
from tests.crashes.asking import Answer, pull_blob, push, push_blob, put, request, whole
from tests.support.content import image
from tests.support.parts import ROOT
from tests.support.postgres import PostgresCluster
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

CONFIG = {"jettison": {"sweep": {"interval": 0}}}
LARGE = b"a large layer" * 10_000
CLIENTS = 30
"""More than the server has threads."""


@pytest.fixture
def server() -> Iterator[JettisonServer]:
    """A registry of the test's own, on SQLite."""
    with JettisonServer(config=CONFIG) as running:
        yield running


def is_unavailable(answer: Answer) -> bool:
    """Whether it says that it cannot now, and when to ask again."""
    return (answer.status, answer.code, answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")


def file_of(server: JettisonServer, blob: bytes) -> Path:
    """Where a blob's bytes lie."""
    return next(file for file in (server.data / "blobs").rglob("*") if file.is_file() and file.read_bytes() == blob)


# --------------------------------------------------------------------------------------------------------------- bytes


@pytest.mark.parametrize("blob", [b"a small layer", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("cut", [False, True], ids=["removed", "cut short"])
def test_a_lost_file_is_said_of_that_blob_alone_and_healed_by_a_push(
    server: JettisonServer, blob: bytes, cut: bool
) -> None:
    """500 with what to do for whoever pulls it, nothing for anybody else; a push of it brings it back for all."""
    draft, other = push(server, "app", blob, b"another layer"), push(server, "other", b"yet another layer")
    file = file_of(server, blob)
    if cut:
        os.truncate(file, len(blob) - 1)
    else:
        file.unlink()
    answer = pull_blob(server, "app", blob)
    assert answer.status == 500
    assert b"push it again" in answer.body
    assert str(server.data).encode() not in answer.body
    assert pull_blob(server, "app", b"another layer").body == b"another layer"
    assert whole(server, "other", other)
    assert request(server, "HEAD", f"/v2/app/blobs/{Digest.of(blob)}").status == 404
    assert push_blob(server, "somewhere", blob).status == 201
    assert whole(server, "app", draft)


def test_a_flipped_bit_is_found_and_said_of_that_blob_alone_and_healed_by_a_push(server: JettisonServer) -> None:
    """`check --read-data --repair` beside the server; from then on nobody gets the wrong bytes."""
    draft = push(server, "app", LARGE, b"another layer")
    file = file_of(server, LARGE)
    file.chmod(0o600)
    with file.open("r+b") as opened:
        opened.seek(1000)
        opened.write(bytes([LARGE[1000] ^ 1]))
    assert command(server, "check", "--read-data", "--repair").returncode != 0
    answer = pull_blob(server, "app", LARGE)
    assert answer.status == 500
    assert b"push it again" in answer.body
    assert pull_blob(server, "app", b"another layer").body == b"another layer"
    assert push_blob(server, "app", LARGE).status == 201
    assert whole(server, "app", draft)
    assert command(server, "check", "--read-data").returncode == 0


def command(server: JettisonServer, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a verb of the command beside the server."""
    arguments = [sys.executable, "-m", "jettison", verb, *options, str(server.config_file)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(arguments, env=environ, capture_output=True, text=True, check=False, timeout=60)


# -------------------------------------------------------------------------------------------------------------- SQLite


@contextmanager
def writing(server: JettisonServer) -> Iterator[None]:
    """Another process is in the middle of a write that does not end."""
    connection = sqlite3.connect(server.data / "jettison.db", isolation_level=None)
    connection.execute("begin immediate")
    yield
    connection.execute("rollback")
    connection.close()


@contextmanager
def having_its_turn(server: JettisonServer) -> Iterator[None]:
    """Another process has the turn to write, and does not end it."""
    with (server.data / "jettison.db-turns").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("lock", [writing, having_its_turn])
def test_a_database_that_another_process_has_locked_is_said_and_keeps_no_reader_waiting(
    server: JettisonServer, lock: Callable[[JettisonServer], AbstractContextManager[None]]
) -> None:
    """Writes get a 503, the first after some seconds, the others at once; pulls go on; afterwards all is well."""
    draft = push(server, "app", LARGE)
    with lock(server), ThreadPoolExecutor(CLIENTS) as clients:
        begun = [clients.submit(request, server, "POST", "/v2/app/blobs/uploads/") for _ in range(CLIENTS)]
        assert request(server, "GET", "/v2/app/manifests/latest").seconds < 2
        assert is_unavailable(request(server, "GET", "/healthz"))
        answers = [each.result() for each in begun]
        assert all(is_unavailable(answer) for answer in answers)
        assert max(answer.seconds for answer in answers) < 20
        again = [clients.submit(request, server, "DELETE", "/v2/app") for _ in range(CLIENTS)]
        assert whole(server, "app", draft)
        assert pull_blob(server, "app", LARGE).seconds < 3
        assert all(is_unavailable(each.result()) for each in again)
        assert max(each.result().seconds for each in again) < 8
    assert request(server, "GET", "/healthz").status == 200
    assert whole(server, "new", push(server, "new", b"a layer"))


@pytest.mark.parametrize("name", ["jettison.db", "jettison.db-wal"])
def test_nothing_is_acknowledged_while_the_database_is_gone(server: JettisonServer, name: str) -> None:
    """Its file was moved away: writes would be lost. Once it is back, they are taken, and nothing was lost."""
    draft = push(server, "app", b"a layer")
    file = server.data / name
    file.rename(server.data / "elsewhere")
    assert is_unavailable(put(server, "app", draft))
    assert is_unavailable(push_blob(server, "app", b"another layer"))
    assert is_unavailable(request(server, "DELETE", "/v2/app"))
    assert is_unavailable(request(server, "GET", "/healthz"))
    (server.data / "elsewhere").rename(file)
    assert request(server, "GET", "/healthz").status == 200
    new = push(server, "new", b"another layer")
    server.kill()
    server.start()
    assert whole(server, "app", draft)
    assert whole(server, "new", new)


def test_nothing_is_written_to_a_database_that_was_replaced(server: JettisonServer) -> None:
    """A backup was put in the place of its file beneath the server, which says that it is to be started again."""
    push(server, "app", b"a layer")
    file = server.data / "jettison.db"
    copy = file.read_bytes()
    file.unlink()
    file.write_bytes(copy)
    answer = push_blob(server, "app", b"another layer")
    assert is_unavailable(answer)
    assert b"start the server again" in answer.body


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync,fsync"])
def test_nothing_is_acknowledged_while_the_disk_fails_beneath_the_database(server: JettisonServer, call: str) -> None:
    """Whatever write or sync of its log fails, the answer is a 503; when the disk is well again, so is the registry."""
    draft = push(server, "app", b"a layer")
    new = image(b"a layer")
    for blob in new.blobs:
        assert push_blob(server, "new", blob).status == 201
    with failing(server, call, server.data / "jettison.db-wal"):
        assert is_unavailable(put(server, "new", new))
        assert is_unavailable(request(server, "DELETE", "/v2/app"))
        assert whole(server, "app", draft)
    assert request(server, "GET", "/v2/new/manifests/latest").status == 404
    assert whole(server, "app", draft)
    assert whole(server, "new", push(server, "new", b"a layer"))


@contextmanager
def failing(server: JettisonServer, call: str, path: Path) -> Iterator[None]:
    """Have the kernel fail these calls of the server on the file with an error of input and output."""
    arguments = ["-f", "-e", f"trace={call}", "-e", f"inject={call}:error=EIO", "-P", str(path), "-o", "/dev/null"]
    tracer = subprocess.Popen(["strace", *arguments, "-p", str(server.pid)], stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    try:
        while "attached" not in tracer.stderr.readline():
            assert tracer.poll() is None
        yield
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()


# ---------------------------------------------------------------------------------------------------------- PostgreSQL


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("way", ["stop", "kill"])
def test_a_postgresql_that_stops_is_said_and_used_again_once_it_is_back(way: str) -> None:
    """503 and when to ask again while it is away; then every request is served, without anybody's help."""
    with PostgresCluster() as cluster, JettisonServer(database_url=cluster.create_database(), config=CONFIG) as server:
        draft = push(server, "app", LARGE)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda _: whole(server, "app", draft), range(CLIENTS)))
            (cluster.kill if way == "kill" else cluster.stop)()
            assert is_unavailable(request(server, "GET", "/healthz"))
            assert is_unavailable(request(server, "GET", "/v2/app/manifests/latest"))
            assert is_unavailable(put(server, "app", draft))
            answers = list(clients.map(lambda _: pull_blob(server, "app", LARGE), range(CLIENTS)))
            assert all(is_unavailable(answer) for answer in answers)
            assert max(answer.seconds for answer in answers) < 8
            cluster.start()
            assert back_after(server) < 5
            assert all(clients.map(lambda _: whole(server, "app", draft), range(CLIENTS)))
        assert whole(server, "new", push(server, "new", b"a layer"))


def back_after(server: JettisonServer) -> float:
    """How many seconds it takes until the server says that it is well."""
    started = time.monotonic()
    while request(server, "GET", "/healthz").status != 200:
        assert time.monotonic() - started < 60
        time.sleep(0.1)
    return time.monotonic() - started


@pytest.mark.needs("postgresql")
def test_a_postgresql_that_was_restarted_meanwhile_costs_nobody_an_error(postgres: PostgresCluster) -> None:
    """Connections that ended while nobody used them are not handed out."""
    with JettisonServer(database_url=postgres.create_database(), config=CONFIG) as server:
        draft = push(server, "app", LARGE)
        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(lambda _: whole(server, "app", draft), range(CLIENTS)))
            postgres.stop()
            postgres.start()
            assert all(clients.map(lambda _: whole(server, "app", draft), range(CLIENTS)))
