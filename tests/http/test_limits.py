"""How much a request may bring, how long it may take, how often somebody may ask: over sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.raw import Connection, head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

CONTENT = bytes(index * index % 253 for index in range(900_000))
LIMIT = 1_000_000
LIMITS = {
    "idle": "1s",
    "blob": LIMIT,
    "head": {"size": 8000, "time": "1s"},
    "requests": {"rate": 5, "burst": 500},
}


@pytest.fixture(scope="module")
def limited() -> Iterator[JettisonServer]:
    """A registry whose limits are narrow, behind a proxy that is named."""
    config = {"jettison": {"limits": LIMITS, "proxies": ["127.0.0.2"]}}
    with JettisonServer(config=config) as running:
        yield running


@pytest.fixture
def repository(limited: JettisonServer, name: str) -> Iterator[Repository]:
    """An empty repository of it."""
    with open_client(limited) as client:
        yield Repository(client, name)


def connect(server: JettisonServer) -> Connection:
    """A connection to speak on by hand."""
    return Connection(("127.0.0.1", server.port))


# --------------------------------------------------------------------------------------------------- a body that stalls


@pytest.mark.parametrize("sent", [0, 1000, 300_000, len(CONTENT) - 1])
def test_an_upload_that_stalls_is_ended_and_can_be_gone_on_with(
    limited: JettisonServer, repository: Repository, sent: int
) -> None:
    """408 after the second that is set here; the session has what came, and the rest makes the blob."""
    location = repository.begin_upload()
    with connect(limited) as connection:
        connection.send(head("PATCH", location, f"Content-Length: {len(CONTENT)}") + CONTENT[:sent])
        began = time.monotonic()
        answer = connection.answer("PATCH")
        took = time.monotonic() - began
        refusal = assert_refused(answer, 408, "REQUEST_TIMEOUT")
        assert "go on there" in refusal.message
        assert answer.header("connection") == "close"
        assert connection.ended()
    assert 0.5 < took < 5
    there = int(repository.client.get(location).headers["range"].removeprefix("0-"))
    assert there == max(sent - 1, 0)
    headers = {"content-range": f"{sent}-{len(CONTENT) - 1}"}
    assert repository.client.patch(location, content=CONTENT[sent:], headers=headers).status_code == 202
    digest = digest_of(CONTENT)
    assert repository.client.put(location, params={"digest": digest}).status_code == 201
    assert repository.has_blob(digest)


def test_a_slow_upload_goes_on(limited: JettisonServer, repository: Repository) -> None:
    """A little every now and then, for longer than a body may bring nothing."""
    location, content = repository.begin_upload(), CONTENT[:8]
    with connect(limited) as connection:
        connection.send(head("PUT", f"{location}?digest={digest_of(content)}", f"Content-Length: {len(content)}"))
        for byte in content:
            time.sleep(0.4)
            connection.send(bytes([byte]))
        assert connection.answer("PUT").status == 201


@pytest.mark.parametrize(
    ("method", "path", "content_type"),
    [
        ("PUT", "/v2/{name}/manifests/v1", "application/vnd.oci.image.manifest.v1+json"),
        ("POST", "/api/v1/deletions", "application/json"),
        ("PUT", "/v2/UPPER/manifests/v1", "application/json"),
        ("POST", "/v2/nothing/here", "application/json"),
    ],
)
def test_no_body_stalls_for_ever(limited: JettisonServer, name: str, method: str, path: str, content_type: str) -> None:
    """Be it one that is refused, of which no more than the end is waited for."""
    with connect(limited) as connection:
        connection.send(head(method, path.format(name=name), f"Content-Type: {content_type}", "Content-Length: 100"))
        answer = connection.answer(method)
        assert answer.status in (400, 404, 408)
        assert connection.ended()


# ----------------------------------------------------------------------------------------------- a head that takes long


@pytest.mark.parametrize("sent", [b"", b"GET /v2/ HT", b"GET /v2/ HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_head_that_does_not_come_ends_the_connection(limited: JettisonServer, sent: bytes) -> None:
    """Without an answer: there is nothing to answer."""
    with connect(limited) as connection:
        began = time.monotonic()
        connection.send(sent)
        assert connection.ended()
    assert 0.5 < time.monotonic() - began < 5


def test_a_head_that_drips_ends_the_connection(limited: JettisonServer) -> None:
    """All of it has to come in that time."""
    with connect(limited) as connection:
        connection.send(b"GET /v2/ HTTP/1.1\r\nHost: a\r\n")
        deadline = time.monotonic() + 5
        try:
            while not connection.answered(0.2):
                assert time.monotonic() < deadline, "it goes on for ever"
                connection.send(b"X-A: 1\r\n")
        except OSError:
            return
        assert connection.ended()


# ----------------------------------------------------------------------------------------------------------------- size


def test_a_head_that_is_too_large_is_refused(limited: JettisonServer) -> None:
    """431, and the connection goes on."""
    with connect(limited) as connection:
        assert connection.ask("GET", "/v2/", f"Authorization: Bearer {'x' * 7000}").status == 200
        for target, header in (
            ("/v2/", f"Authorization: Bearer {'x' * 9000}"),
            (f"/v2/?{'x' * 9000}", "A: b"),
            (f"/v2/{'x' * 9000}", "A: b"),
        ):
            refusal = assert_refused(connection.ask("GET", target, header), 431, "SIZE_INVALID")
            assert "jettison.limits.head.size" in refusal.message
        assert connection.ask("GET", "/v2/").status == 200


@pytest.mark.parametrize("lines", [90, 101, 2000])
def test_the_server_itself_takes_a_hundred_headers(limited: JettisonServer, lines: int) -> None:
    """No setting changes that."""
    with connect(limited) as connection:
        answer = connection.ask("GET", "/v2/", *(f"X-{number}: 1" for number in range(lines)))
    assert answer.status == (200 if lines < 100 else 431)


def told(repository: Repository, location: str, content: bytes, how: str) -> httpx2.Response:
    """Send content to a session: with its length, in chunks, or in two requests."""
    client = repository.client
    url = f"{location}?digest={digest_of(content)}"
    if how == "at once":
        return client.put(url, content=content)
    if how == "in chunks":
        return client.put(url, content=iter([content[:500_000], content[500_000:]]))
    assert client.patch(location, content=content[:500_000]).status_code == 202
    return client.patch(location, content=content[500_000:], headers={"content-range": f"500000-{len(content) - 1}"})


@pytest.mark.parametrize("how", ["at once", "in chunks", "in two requests"])
def test_a_blob_that_is_too_large_is_refused_and_its_upload_over(
    limited: JettisonServer, repository: Repository, how: str
) -> None:
    """413, and nothing of it stays on the disk."""
    location = repository.begin_upload()
    refusal = assert_refused(told(repository, location, bytes(LIMIT + 1), how), 413, "SIZE_INVALID")
    assert "jettison.limits.blob" in refusal.message
    assert_refused(repository.client.get(location), 404, "BLOB_UPLOAD_UNKNOWN")
    assert not (limited.data / "uploads" / location.rpartition("/")[2]).exists()


@pytest.mark.parametrize("how", ["at once", "in chunks"])
def test_a_blob_may_be_as_large_as_the_limit(repository: Repository, how: str) -> None:
    """To the byte."""
    content = bytes(LIMIT - 1) + how[-1].encode()
    assert told(repository, repository.begin_upload(), content, how).status_code == 201


def test_a_blob_that_would_be_too_large_is_refused_before_all_of_it_is_read(
    limited: JettisonServer, repository: Repository
) -> None:
    """Where its length is told."""
    location = repository.begin_upload()
    with connect(limited) as connection:
        connection.send(head("PATCH", location, f"Content-Length: {10**12}") + CONTENT)
        assert_refused(connection.answer("PATCH"), 413, "SIZE_INVALID")
        assert connection.ended()
    assert_refused(repository.client.get(location), 404, "BLOB_UPLOAD_UNKNOWN")


# ---------------------------------------------------------------------------------------------------------------- often


def test_whoever_asks_too_often_is_refused_with_how_long_to_wait(limited: JettisonServer) -> None:
    """429 with Retry-After; others are served, and so is whoever asks if anybody is there."""
    with httpx2.Client(
        base_url=limited.url, trust_env=False, transport=httpx2.HTTPTransport(local_address="127.0.0.2")
    ) as proxy:
        mine, other = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}
        answers = [proxy.get("/v2/", headers=mine) for _ in range(900)]
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert_refused(refused, 429, "TOOMANYREQUESTS")
        assert refused.headers["retry-after"] == "1"
        assert sum(answer.status_code == 200 for answer in answers) >= 500
        assert proxy.get("/v2/", headers=other).status_code == 200
        for _ in range(20):
            assert proxy.get("/healthz", headers=mine).status_code == 200
        for path in ("/v2/_catalog", "/api/v1/usage"):
            # More than once: a slow machine earns the next request between two.
            assert any(proxy.get(path, headers=mine).status_code == 429 for _ in range(20)), path
        time.sleep(1.1)
        assert proxy.get("/v2/", headers=mine).status_code == 200


def test_the_log_has_the_address_that_a_named_proxy_tells(limited: JettisonServer) -> None:
    """And not what a client says of itself."""
    for local, told in (("127.0.0.2", "198.51.100.77"), ("127.0.0.3", "127.0.0.3")):
        transport = httpx2.HTTPTransport(local_address=local)
        with httpx2.Client(base_url=limited.url, trust_env=False, transport=transport) as client:
            client.get("/v2/", headers={"x-forwarded-for": "198.51.100.77", "user-agent": f"by/{local}"})
        assert limited.daemon is not None
        limited.daemon.wait_until(lambda told=told, local=local: f"client={told} agent=by/{local}" in limited.log, "x")  # type: ignore[misc]
