"""The most that a manifest may have, and what becomes of one that has more."""

from __future__ import annotations

import contextlib

import pytest

from jettison.oci.media_types import OCI_INDEX
from tests.http.conftest import Connect
from tests.http.raw import Answer, Connection, chunked, head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, index, written

LIMIT = 4 * 1024 * 1024


def padded(size: int) -> bytes:
    """An index of exactly that many bytes."""
    body = written(index(annotations={"pad": ""}))
    return body.replace(b'"pad": ""', b'"pad": "%s"' % (b"x" * (size - len(body))))


@pytest.mark.parametrize("how", ["told", "chunked"])
def test_a_manifest_over_four_mebibytes_is_refused(connect: Connect, repository: Repository, how: str) -> None:
    """413 with the limit, whether its length is told before or not; just under it is taken."""
    assert repository.put(padded(LIMIT), "most").status_code == 201
    body = padded(LIMIT + 1)

    with connect() as connection:
        answer = put(connection, repository, how, body)

        error = assert_refused(answer, 413, "SIZE_INVALID")
        assert str(LIMIT) in error.message
        assert connection.ask("GET", "/v2/").status == 200, "the connection goes on"
    assert repository.tags() == ["most"]


def put(connection: Connection, repository: Repository, how: str, body: bytes) -> Answer:
    """Send a manifest by hand."""
    target, media_type = f"{repository.path}/manifests/v1", f"Content-Type: {OCI_INDEX}"
    if how == "told":
        return connection.ask("PUT", target, media_type, body=body)
    connection.send(head("PUT", target, media_type, "Transfer-Encoding: chunked") + chunked(body))
    return connection.answer()


@pytest.mark.parametrize("how", ["told", "chunked"])
def test_a_huge_manifest_is_not_read_to_its_end(connect: Connect, repository: Repository, how: str) -> None:
    """A client that sends a terabyte is answered early, and the connection ends."""
    told = f"Content-Length: {2**40}" if how == "told" else "Transfer-Encoding: chunked"
    piece = b" " * 65536 if how == "told" else chunked(b" " * 65536).removesuffix(chunked())
    sent = 0
    with connect() as connection:
        connection.send(head("PUT", f"{repository.path}/manifests/v1", f"Content-Type: {OCI_INDEX}", told))
        with contextlib.suppress(OSError):
            while sent < 100 * LIMIT and not connection.answered():
                connection.send(piece)
                sent += len(piece)
            assert_refused(connection.answer(), 413, "SIZE_INVALID")
            assert connection.ended()

    assert sent < 100 * LIMIT


def test_the_limit_of_a_manifest_can_be_set(configured_repository: Repository) -> None:
    """`jettison.limits.manifest` is the most that is taken."""
    assert configured_repository.put(padded(2000), "most").status_code == 201

    error = assert_refused(configured_repository.put(padded(2001), "more"), 413, "SIZE_INVALID")

    assert "2000" in error.message
