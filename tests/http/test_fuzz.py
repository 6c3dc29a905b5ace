from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DATABASES
from tests.http.conftest import open_client
from tests.http.fuzz import Odd, assert_sane, fill, is_there, requests
from tests.http.raw import Connection
from tests.http.repository import Repository
from tests.support.postgres import PostgresCluster
from tests.support.server import JettisonServer

FRAGMENTS = [
    *(b"GET ", b"PUT ", b"/v2/", b"fuzz/repo", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b" HTTP/9.9\r\n", b"\r\n", b"\n"),
    *(b"Host: a\r\n", b"Content-Length: 5\r\n", b"Content-Length: 4\r\n", b"Transfer-Encoding: chunked\r\n", b"\r"),
    *(b"5\r\n", b"0\r\n", b"hello", b"\0", b"\xff", b": ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01"),
    b"x" * 1000,
]

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@pytest.fixture(scope="module", params=DATABASES)
def fuzzed(request: pytest.FixtureRequest) -> Iterator[JettisonServer]:
    """A registry on each database, which must be well after all of it."""
    url = None
    if request.param == "postgres":
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.create_database()
    with JettisonServer(database_url=url) as server:
        yield server
        assert "request failed" not in server.log, server.log[-5000:]
        assert "Traceback" not in server.log, server.log[-5000:]


@pytest.fixture(scope="module")
def filled(fuzzed: JettisonServer) -> Iterator[Repository]:
    """A repository to hit."""
    with open_client(fuzzed) as client:
        yield Repository(client, "fuzz/repo")
        assert client.get("/healthz").status_code == 200


@pytest.mark.slow
def test_no_request_fails_or_hangs(fuzzed: JettisonServer, filled: Repository) -> None:
    """Whatever is asked, on one connection after another: an answer, never a server's error, in the right form."""
    known = fill(filled)

    @quick
    @given(several=st.lists(requests, min_size=3, max_size=8))
    def ask(several: list[Odd]) -> None:
        nonlocal known
        with Connection(("127.0.0.1", fuzzed.port)) as connection:
            if not is_there(connection, known):
                known = fill(filled)
            for request in several:
                answer = request.ask(connection, known)
                assert_sane(request, answer)
                if answer.header("connection") == "close":
                    return

    ask()


@quick
@given(sent=st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join)))
def test_no_bytes_break_the_server(fuzzed: JettisonServer, sent: bytes) -> None:
    """What is no HTTP is refused or ended; the next client is served."""
    with Connection(("127.0.0.1", fuzzed.port)) as connection:
        connection.send(sent)
        connection.end_sending()
        answer = connection.drain()

    assert not answer.startswith(b"HTTP/1.1 5"), answer
    with Connection(("127.0.0.1", fuzzed.port)) as connection:
        assert connection.ask("GET", "/v2/").status == 200
