"""Uploads whose client lies, stalls, goes away or comes twice."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.http.conftest import Connect
from tests.http.raw import Connection, chunked, head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of
from tests.support.server import JettisonServer

MIB = 1024 * 1024
CONTENT = bytes(index * index % 253 for index in range(5 * MIB // 4))
DIGEST = digest_of(CONTENT)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def told(length: int) -> str:
    """The header that tells the length of a body."""
    return f"Content-Length: {length}"


def eventually(true: Callable[[], bool], what: str) -> None:
    """Wait until it is true: what becomes of a connection that ended is not told to anybody."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(0.01)


def received(repository: Repository, location: str) -> int:
    """Bytes that the session has. One byte reads 0-0, as nothing does."""
    last = int(repository.client.get(location).headers["range"].removeprefix("0-"))
    return last + 1 if last else 0


def begin_to_send(connection: Connection, location: str) -> None:
    """Send the head of a PATCH and little of its body; the server has seen the head when this returns."""
    connection.send(head("PATCH", location, told(len(CONTENT)), "Expect: 100-continue"))
    assert connection.take(25) == CONTINUE
    connection.send(CONTENT[:1000])


def begun(server: JettisonServer, location: str) -> bool:
    """Whether bytes of the session lie on the disk: its request has it in hand."""
    return (server.data / "uploads" / location.rpartition("/")[2]).exists()


@pytest.mark.parametrize(
    ("sent", "how"), [(2, "FIN"), (1000, "FIN"), (300_000, "FIN"), (300_000, "RST"), (len(CONTENT) - 1, "FIN")]
)
def test_what_a_client_sent_before_it_went_away_is_kept(
    connect: Connect, repository: Repository, sent: int, how: str
) -> None:
    """The session stands at the bytes received; a PATCH from there, and a PUT, make the blob."""
    location = repository.begin_upload()
    with connect() as connection:
        connection.send(head("PATCH", location, told(len(CONTENT))) + CONTENT[:sent])
        if how == "RST":
            time.sleep(0.5)  # a reset drops what the server has not read yet
            connection.reset()
        else:
            connection.end_sending()
        eventually(lambda: received(repository, location) == sent, "recorded")

    rest = {"Content-Range": f"{sent}-{len(CONTENT) - 1}"}
    assert repository.client.patch(location, content=CONTENT[sent:], headers=rest).status_code == 202
    assert repository.client.put(location, params={"digest": DIGEST}).status_code == 201
    assert repository.client.get(f"{repository.path}/blobs/{DIGEST}").content == CONTENT


def test_what_came_of_a_streamed_chunk_is_kept(connect: Connect, repository: Repository) -> None:
    """The same without a length."""
    location = repository.begin_upload()
    with connect() as connection:
        connection.send(head("PATCH", location, "Transfer-Encoding: chunked"))
        connection.send(chunked(CONTENT[:700_000], CONTENT[700_000:900_000]).removesuffix(chunked()))
        connection.end_sending()
        eventually(lambda: received(repository, location) == 900_000, "recorded")

    answer = repository.client.put(location, params={"digest": DIGEST}, content=CONTENT[900_000:])
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("told_range", [None, "0-1310719"])
def test_a_put_that_stops_does_not_end_the_upload(
    connect: Connect, repository: Repository, told_range: str | None
) -> None:
    """A PUT whose body is short stores nothing as a blob; what it brought is kept, and the PUT can be sent again."""
    location = repository.begin_upload()
    fields = [told(len(CONTENT)), *([f"Content-Range: {told_range}"] if told_range else [])]
    with connect() as connection:
        connection.send(head("PUT", f"{location}?digest={DIGEST}", *fields) + CONTENT[:800_000])
        connection.end_sending()
        eventually(lambda: received(repository, location) == 800_000, "recorded")

    assert not repository.has_blob(DIGEST)
    answer = repository.client.put(location, params={"digest": DIGEST}, content=CONTENT[800_000:])
    assert answer.status_code == 201, answer.text


def test_a_put_that_stops_is_no_blob_though_its_digest_is_right(connect: Connect, repository: Repository) -> None:
    """More was told than came: whether it was all, only the client knows."""
    location = repository.begin_upload()
    with connect() as connection:
        connection.send(head("PUT", f"{location}?digest={DIGEST}", told(len(CONTENT) + 1)) + CONTENT)
        connection.end_sending()
        eventually(lambda: received(repository, location) == len(CONTENT), "recorded")

    assert not repository.has_blob(DIGEST)
    assert repository.client.put(location, params={"digest": DIGEST}).status_code == 201


def test_bytes_beyond_the_told_length_are_not_taken(connect: Connect, repository: Repository) -> None:
    """They are the next request, and as one they are refused; the blob is what was told."""
    location = repository.begin_upload()
    with connect() as connection:
        connection.send(head("PATCH", location, told(10)) + b"0123456789and more\r\n\r\n")
        answer = connection.answer("PATCH")

    assert (answer.status, answer.header("range")) == (202, "0-9")
    assert received(repository, location) == 10


def test_a_broken_chunk_ends_the_request_only(connect: Connect, repository: Repository) -> None:
    """What was whole before it is kept."""
    location = repository.begin_upload()
    with connect() as connection:
        whole = chunked(CONTENT[:600_000]).removesuffix(chunked())
        connection.send(head("PATCH", location, "Transfer-Encoding: chunked") + whole + b"not a length\r\nxx\r\n")
        assert_refused(connection.answer("PATCH"), 400, "SIZE_INVALID")
        assert connection.ended()
    assert received(repository, location) == 600_000


@pytest.mark.parametrize("way", ["PATCH", "PUT"])
def test_a_late_twin_is_refused(server: JettisonServer, connect: Connect, repository: Repository, way: str) -> None:
    """A stalled request whose client has tried again may not add a byte: nothing is interleaved."""
    location = repository.begin_upload()
    target = f"{location}?digest={DIGEST}" if way == "PUT" else location
    with connect() as stalled:
        stalled.send(head(way, target, told(len(CONTENT))) + b"?" * 600_000)
        eventually(lambda: begun(server, location), "in hand")

        again = repository.client.patch(location, content=CONTENT[:MIB], headers={"Content-Range": f"0-{MIB - 1}"})
        assert (again.status_code, again.headers["range"]) == (202, f"0-{MIB - 1}")

        stalled.send(b"?" * (len(CONTENT) - 600_000))
        assert_refused(stalled.answer(way), 400, "BLOB_UPLOAD_INVALID")
    assert received(repository, location) == MIB
    answer = repository.client.put(location, params={"digest": DIGEST}, content=CONTENT[MIB:])
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("goes_on", [True, False], ids=["goes on", "goes away"])
def test_a_late_twin_that_has_hardly_begun_is_refused(connect: Connect, repository: Repository, goes_on: bool) -> None:
    """Nor one of which so little came that nothing was written yet: it does not append to what its retry brought."""
    location = repository.begin_upload()
    with connect() as stalled:
        begin_to_send(stalled, location)
        assert repository.client.patch(location, content=CONTENT).status_code == 202

        if goes_on:
            stalled.send(CONTENT[1000:])
            assert stalled.answer("PATCH").status in {400, 416}
        else:
            stalled.end_sending()
            stalled.drain()

    assert received(repository, location) == len(CONTENT)
    assert repository.client.put(location, params={"digest": DIGEST}).status_code == 201


def test_a_request_that_goes_away_takes_nothing_from_its_retry(
    server: JettisonServer, connect: Connect, repository: Repository
) -> None:
    """Of two requests that both hold the session, the one that came last has it, whichever ends first."""
    location = repository.begin_upload()
    with connect() as stalled, connect() as retry:
        begin_to_send(stalled, location)
        retry.send(head("PATCH", location, told(len(CONTENT))) + CONTENT[:600_000])
        eventually(lambda: begun(server, location), "in hand")

        stalled.end_sending()
        stalled.drain()
        retry.send(CONTENT[600_000:])

        answer = retry.answer("PATCH")
        assert answer.status == 202, answer.body
    assert repository.client.put(location, params={"digest": DIGEST}).status_code == 201


def test_a_late_twin_of_a_finished_upload_is_refused(
    server: JettisonServer, connect: Connect, repository: Repository
) -> None:
    """The blob that the second try made stays as it is."""
    location = repository.begin_upload()
    with connect() as stalled:
        stalled.send(head("PATCH", location, told(len(CONTENT))) + b"?" * 600_000)
        eventually(lambda: begun(server, location), "in hand")
        assert repository.client.put(location, params={"digest": DIGEST}, content=CONTENT).status_code == 201

        stalled.send(b"?" * (len(CONTENT) - 600_000))
        answer = stalled.answer("PATCH")

    assert answer.status in {400, 404}
    assert repository.client.get(f"{repository.path}/blobs/{DIGEST}").content == CONTENT


def test_a_late_twin_of_a_cancelled_upload_is_refused(
    server: JettisonServer, connect: Connect, repository: Repository
) -> None:
    """It does not bring the session back."""
    location = repository.begin_upload()
    with connect() as stalled:
        stalled.send(head("PATCH", location, told(len(CONTENT))) + CONTENT[:600_000])
        eventually(lambda: begun(server, location), "in hand")
        assert repository.client.delete(location).status_code == 204

        stalled.send(CONTENT[600_000:])
        assert stalled.answer("PATCH").status in {400, 404}

    assert repository.client.get(location).status_code == 404
    assert not begun(server, location)


def test_a_post_that_stops_leaves_no_blob(connect: Connect, repository: Repository) -> None:
    """Nobody knows its session: to the client it is as if nothing had been sent."""
    with connect() as connection:
        target = f"{repository.path}/blobs/uploads/?digest={DIGEST}"
        connection.send(head("POST", target, told(len(CONTENT))) + CONTENT[:600_000])
        connection.end_sending()
        assert connection.ended() or b" 201 " not in connection.take(1000)

    assert not repository.has_blob(DIGEST)


def test_an_upload_waits_for_leave_to_send(connect: Connect, repository: Repository) -> None:
    """`Expect: 100-continue` is answered before the body comes."""
    location = repository.begin_upload()
    with connect() as connection:
        connection.send(head("PUT", f"{location}?digest={DIGEST}", told(len(CONTENT)), "Expect: 100-continue"))
        assert connection.take(25) == CONTINUE
        connection.send(CONTENT)
        assert connection.answer("PUT").status == 201
