"""What the HTTP edge relies on the embedded server to do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.http.raw import chunked, head
from tests.server.running import RunningSite

BODY = 3_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    """One site for the tests of this file."""
    with RunningSite(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.mark.parametrize("path", ["/scope//a/../b", "/scope/%2e%2e%2fetc", "/scope/%00", "/scope/%ff", "/scope/%zz"])
def test_a_path_arrives_as_it_was_sent(site: RunningSite, path: str) -> None:
    """`raw_path` is neither decoded nor normalised, and has no query."""
    with site.connect() as connection:
        scope = json.loads(connection.ask("GET", f"{path}?n=%2F").body)
    assert scope["raw_path"] == repr(path.encode())
    assert scope["query_string"] == repr(b"n=%2F")


def test_header_names_arrive_in_lower_case(site: RunningSite) -> None:
    """Names are lower case, repeated ones stay apart, values are bytes as they were sent."""
    with site.connect() as connection:
        scope = json.loads(connection.ask("GET", "/scope", "ACCEPT: a", "Accept: b", "X-Odd: \xe9").body)
    assert "(b'accept', b'a'), (b'accept', b'b'), (b'x-odd', b'\\xe9')" in scope["headers"]


def test_files_can_be_sent_by_path(site: RunningSite) -> None:
    """The server offers `http.response.pathsend`."""
    with site.connect() as connection:
        assert "http.response.pathsend" in json.loads(connection.ask("GET", "/scope").body)["extensions"]


def test_a_body_arrives_whole_with_or_without_a_length(site: RunningSite) -> None:
    """The bytes are counted alike, and the connection goes on after them."""
    with site.connect() as connection:
        assert connection.ask("PUT", "/take", body=b"x" * BODY).body == b"%d" % BODY
        connection.send(head("PUT", "/take", "Transfer-Encoding: chunked") + chunked(b"x" * 100_000, b"y"))
        assert connection.answer("PUT").body == b"100001"
        assert connection.ask("PUT", "/take", body=b"").body == b"0"


def test_a_client_that_expects_to_be_asked_is_asked(site: RunningSite) -> None:
    """`Expect: 100-continue` is answered when the application asks for the body."""
    with site.connect() as connection:
        connection.send(head("PUT", "/take", "Content-Length: 3", "Expect: 100-continue"))
        assert connection.take(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.send(b"abc")
        assert connection.answer("PUT").body == b"3"


@pytest.mark.parametrize(
    ("size", "beginning"),
    [
        (7, head("PUT", "/take", "Content-Length: 1000") + b"x" * 7),
        (8, head("PUT", "/take", "Transfer-Encoding: chunked") + b"8\r\n" + b"x" * 8 + b"\r\n"),
    ],
    ids=["length", "chunked"],
)
def test_a_client_that_goes_away_is_told_from_a_body_that_ends(site: RunningSite, size: int, beginning: bytes) -> None:
    """What arrived before is delivered, then `http.disconnect`: a body cut short never looks whole."""
    connection = site.connect()
    connection.send(beginning)
    connection.reset()
    site.wait_for(f"gone after {size}")


def test_a_broken_chunk_is_no_end(site: RunningSite) -> None:
    """A chunk whose size is no number is a disconnect, not the end of the body."""
    with site.connect() as connection:
        connection.send(head("PUT", "/take", "Transfer-Encoding: chunked") + b"5\r\nabcde\r\nZZ\r\n")
        site.wait_for("gone after 5")


@pytest.mark.parametrize(
    "request_head",
    [
        head("GET", b"/scope/\xff"),
        head("GET", b"/sc ope"),
        head("PUT", "/take", "Content-Length: 3", "Content-Length: 4"),
        head("PUT", "/take", "Content-Length: -1"),
        head("GET", "/scope", "X: a\r\n folded"),
    ],
    ids=["byte", "space", "two-lengths", "negative", "folded"],
)
def test_what_is_not_http_is_refused(site: RunningSite, request_head: bytes) -> None:
    """The server answers 400 itself and ends the connection."""
    with site.connect() as connection:
        connection.send(request_head)
        assert connection.answer().status == 400
        assert connection.ended()


def test_a_head_has_limits(site: RunningSite) -> None:
    """Too long a target is 414, too many or too large headers are 431."""
    with site.connect() as connection:
        assert connection.ask("GET", "/" + "a" * 70_000).status == 414
    with site.connect() as connection:
        assert connection.ask("GET", "/", *(f"X-{number}: a" for number in range(150))).status == 431
