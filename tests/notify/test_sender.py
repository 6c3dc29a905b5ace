from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jettison.notify.sender import NotAccepted, NotAnswered, Sender, named
from tests.notify.delivering import endpoint
from tests.support.listener import Listener, Received
from tests.support.ports import free_port


@contextmanager
def sending(to: Listener | str, **more: Any) -> Iterator[Sender]:
    """A sender, closed at the end."""
    sender = Sender(endpoint(to, **more))
    try:
        yield sender
    finally:
        sender.close()


def test_an_event_goes_alone_in_its_envelope(listener: Listener) -> None:
    """With the media type of distribution's, and the headers that are configured, repeated ones too."""
    headers = (("Authorization", "Bearer x"), ("X-Some", "one"), ("X-Some", "two"))
    with sending(listener, headers=headers) as sender:
        assert sender.send('{"id":"1"}') == 200
    [received] = listener.requests
    assert json.loads(received.body) == {"events": [{"id": "1"}]}
    for pair in (
        ("content-type", "application/vnd.docker.distribution.events.v2+json"),
        ("authorization", "Bearer x"),
        ("x-some", "one"),
        ("x-some", "two"),
    ):
        assert pair in received.headers
    assert dict(received.headers)["user-agent"].startswith("jettison/")


@pytest.mark.parametrize("status", [200, 202, 204, 299, 300, 304, 399])
def test_any_status_from_200_to_399_accepts(listener: Listener, status: int) -> None:
    """As with distribution: an endpoint need not be exact about it."""
    listener.answer = lambda _: status
    with sending(listener) as sender:
        assert sender.send("{}") == status


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_any_other_status_does_not(listener: Listener, status: int) -> None:
    """Also those of which a client might think that trying again is of no use."""
    listener.answer = lambda _: status
    with sending(listener) as sender, pytest.raises(NotAccepted, match=f"it answered {status} ") as refused:
        sender.send("{}")
    assert refused.value.status == status


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects_are_followed(listener: Listener, status: int, method: str) -> None:
    """The last answer counts; whether the body goes along is the status's to say."""

    def answer(received: Received) -> int | tuple[int, str]:
        return (status, "/moved") if received.path == "/events" else 201

    listener.answer = answer
    with sending(listener) as sender:
        assert sender.send("{}") == 201
    assert [(each.method, each.path) for each in listener.requests] == [("POST", "/events"), (method, "/moved")]


def test_a_circle_of_redirects_is_no_answer(listener: Listener) -> None:
    """It ends."""
    listener.answer = lambda _: (307, "/events")
    with sending(listener) as sender, pytest.raises(NotAnswered):
        sender.send("{}")


def test_an_endpoint_that_is_not_there_does_not_answer() -> None:
    """Whatever it is that is wrong with it."""
    for url in (f"http://127.0.0.1:{free_port()}/", "http://no-such-host.invalid/", "http://[::1/", "gopher://a/"):
        with sending(url) as sender, pytest.raises(NotAnswered):
            sender.send("{}")


def test_one_that_says_nothing_is_given_up_after_the_timeout() -> None:
    """So that a connection that hangs does not hold the queue for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with sending(url, timeout=0.2) as sender:
            begun = time.monotonic()
            with pytest.raises(NotAnswered, match="timed out"):
                sender.send("{}")
            assert time.monotonic() - begun < 5


def test_an_answer_that_never_ends_is_read_no_further() -> None:
    """Its status has said all."""
    stopped = threading.Event()

    def talk(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not stopped.wait(0.01):
                try:
                    connection.sendall(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk, args=(server,))
        thread.start()
        try:
            with sending(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=1.0) as sender:
                assert sender.send("{}") == 200
        finally:
            stopped.set()
            thread.join(10)


def test_a_connection_is_used_again(listener: Listener) -> None:
    """One for each event would cost most of the time."""
    ports: set[int] = set()
    accept = listener._server.get_request

    def counted() -> tuple[socket.socket, tuple[str, int]]:
        connection, address = accept()
        ports.add(address[1])
        return connection, address

    listener._server.get_request = counted  # type: ignore[method-assign]
    with sending(listener) as sender:
        for _ in range(5):
            sender.send("{}")
    assert len(ports) == 1


def test_no_proxy_stands_between_us_and_this_machine(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the environment names is asked for every other address."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for host in ("127.0.0.1", "localhost"):
        with sending(f"http://{host}:{listener.port}/") as sender:
            assert sender.send("{}") == 200
    with sending("http://192.0.2.1/") as sender, pytest.raises(NotAnswered, match="refused"):
        sender.send("{}")


def test_a_status_is_named_with_its_phrase_where_it_has_one() -> None:
    """As distribution's metrics have them."""
    assert (named(200), named(599)) == ("200 OK", "599")
