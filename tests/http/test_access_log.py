"""The line of each request, and the id by which it is found again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from jettison.http.edge import Edge
from jettison.http.request import Request
from tests.http.conftest import Connect, open_client
from tests.http.repository import Repository
from tests.support.server import JettisonServer

MADE = re.compile(r"[0-9a-f]{12}-[0-9a-f]+")


def request_with(*values: bytes) -> Request:
    """A request with these X-Request-Id headers."""
    scope = {"method": "GET", "headers": [(b"x-request-id", value) for value in values], "http_version": "1.1"}

    async def receive() -> dict[str, Any]:
        raise AssertionError("nobody asks for the body")

    return Request(Edge(cast("Any", None)), scope, receive)


@pytest.mark.parametrize(
    "given",
    [
        b"x",
        b"01a20968-a5a5-7571-9410-0b9ad63e510e",
        b"Root=1-67891233-abcdef012345678912345678",
        b"a" * 128,
        b"a/b+c==",
    ],
)
def test_a_sane_id_of_the_client_is_taken(given: bytes) -> None:
    """What a proxy before us logged is what we log."""
    assert request_with(given).id == given.decode()


@pytest.mark.parametrize("given", [b"", b"a" * 129, b"a b", b'a"b', b"a\tb", b"a\x1b[31m", b"\xff", b"a\n", b"id=\\x"])
def test_an_odd_id_is_replaced(given: bytes) -> None:
    """Too long, or of other characters than ids have: nothing of it reaches the log."""
    assert MADE.fullmatch(request_with(given).id)


def test_ids_that_are_made_differ() -> None:
    """And each request keeps its own."""
    first, second = request_with(), request_with()
    assert MADE.fullmatch(first.id)
    assert first.id == first.id != second.id


@pytest.fixture(scope="module")
def logging() -> Iterator[JettisonServer]:
    """A registry that logs JSON, with a field of the operator's."""
    config = {"log": {"formatter": "json", "fields": {"site": "east", "level": "mine"}}}
    with JettisonServer(config=config) as server:
        yield server


def lines(server: JettisonServer, path: str) -> list[dict[str, Any]]:
    """The lines of requests of this path, once there are any."""
    found: list[dict[str, Any]] = []
    assert server.daemon is not None

    def logged() -> bool:
        objects = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
        found[:] = [one for one in objects if one["logger"] == "access" and one["path"] == path]
        return bool(found)

    server.daemon.wait_until(logged, f"logging {path}")
    return found


def test_a_line_has_its_fields(logging: JettisonServer) -> None:
    """When, what, how it ended, how long it took, the bytes of both bodies, who asked, and the id."""
    with open_client(logging) as client:
        repository = Repository(client, "fields")
        client.headers["User-Agent"] = "somebody/1"
        answer = client.post(
            f"{repository.path}/blobs/uploads/?digest=sha256:{'0' * 64}",
            content=b"12345",
            headers={"X-Request-Id": "from-a-proxy"},
        )
    [line] = lines(logging, "/v2/fields/blobs/uploads/")
    assert line.pop("milliseconds") > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info",
        "logger": "access",
        "event": "request",
        "method": "POST",
        "path": "/v2/fields/blobs/uploads/",
        "status": 400,
        "received": 5,
        "sent": len(answer.content),
        "id": "from-a-proxy",
        "client": "127.0.0.1",
        "agent": "somebody/1",
        "site": "east",
    }


def test_head_sends_nothing(logging: JettisonServer) -> None:
    """What the body of GET would have had is not told as sent."""
    with open_client(logging) as client:
        client.head("/v2/_catalog")
    assert [line["sent"] for line in lines(logging, "/v2/_catalog")] == [0]


def test_fields_are_in_other_lines_too(logging: JettisonServer) -> None:
    """Each line of the log, whoever writes it, has what `log.fields` says; what it says itself comes first."""
    objects = [json.loads(line) for line in logging.log.splitlines() if line.startswith("{")]
    assert objects
    assert all(one["site"] == "east" and one["level"] == "info" for one in objects)


def test_a_failure_is_found_by_its_id() -> None:
    """A 500 carries the id under which the log has the reason; whatever the client may know needs none."""
    with JettisonServer() as server, open_client(server) as client:
        repository = Repository(client, "app")
        digest = repository.push_blob(b"x" * 100_000)
        [file] = [file for file in (server.data / "blobs").rglob("*") if file.is_file()]
        file.unlink()
        failed = client.get(f"{repository.path}/blobs/{digest}")
        refused = client.get(f"{repository.path}/blobs/sha256:{'0' * 64}")
        assert server.daemon is not None
        server.daemon.wait_until(lambda: "status=404" in server.log, "logging")
        log = server.log
    assert (failed.status_code, refused.status_code) == (500, 404)
    id = failed.headers["x-request-id"]
    assert MADE.fullmatch(id)
    assert re.search(rf" error jettison.http: request failed id={id} ", log)
    # The status that was sent, not the one that was meant.
    assert re.search(rf"access: request method=GET \S+ status=500 .* id={id} ", log)
    assert "x-request-id" not in refused.headers


def test_an_odd_id_stays_out_of_the_log(server: JettisonServer, connect: Connect) -> None:
    """A client cannot write a line of its own into the log."""
    with connect() as connection:
        assert connection.ask("GET", "/v2/", "X-Request-Id: a id=forged status=200").status == 200
    assert "forged" not in server.log
