from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of
from tests.support.server import JettisonServer

SIZES = [10, 300_000]
"""Of a blob that is read and sent, and of one that the server sends from its file."""

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry of its own: the shared one's log must have no error."""
    with JettisonServer() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: JettisonServer) -> Iterator[httpx2.Client]:
    """A client of that registry."""
    with open_client(server) as opened:
        yield opened


def gone(path: Path) -> None:
    """The file is not there."""
    path.unlink()


def short(path: Path) -> None:
    """The file has lost its end."""
    os.truncate(path, path.stat().st_size - 1)


@pytest.fixture(params=SIZES, ids=["small", "large"])
def content(request: pytest.FixtureRequest) -> str:
    """A layer that no other test pushes."""
    size: int = request.param
    return os.urandom(size // 2).hex()


@pytest.fixture
def file(server: JettisonServer, repository: Repository, content: str) -> Path:
    """The file of that layer, which an image tagged ``latest`` needs, beside another that ``sibling`` needs."""
    repository.push_blob(b"{}")
    before = _files(server)
    repository.push_blob(content.encode())
    [file] = _files(server) - before
    repository.push_image(content, "latest")
    repository.push_image("sibling", "sibling")
    return file


def _files(server: JettisonServer) -> set[Path]:
    return {path for path in (server.data / "blobs").rglob("*") if path.is_file()}


@pytest.mark.parametrize("damage", [gone, short])
@pytest.mark.parametrize("part", [None, "bytes=1-"], ids=["whole", "a part"])
def test_damaged_bytes_are_an_error_for_that_blob_alone(
    server: JettisonServer, repository: Repository, content: str, file: Path, damage: Damage, part: str | None
) -> None:
    """500 with the error body, again and again, which names no path; manifests and other blobs are served."""
    damage(file)
    for _ in range(2):
        answer = repository.client.get(
            f"{repository.path}/blobs/{digest_of(content.encode())}", headers={"Range": part} if part else {}
        )
        error = assert_refused(answer, 500, "UNKNOWN")
        assert "push it again" in error.message
        assert str(server.data) not in answer.text
        assert file.name not in answer.text
    _wait_for(lambda: server.log.count(str(file)) >= 2)
    assert repository.has("latest")
    assert repository.has_blob(digest_of(b"sibling"))


def _wait_for(met: Callable[[], bool]) -> None:
    """The log is written a moment after the answer."""
    deadline = time.monotonic() + 10
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("damage", [gone, short])
def test_after_a_failed_pull_a_push_is_told_to_bring_the_blob_and_heals_it(
    repository: Repository, content: str, file: Path, damage: Damage
) -> None:
    """HEAD and mount, by which clients spare themselves the bytes, say that it is not there."""
    digest = digest_of(content.encode())
    path = f"{repository.path}/blobs/{digest}"
    assert repository.client.head(path).status_code == 200
    damage(file)
    assert repository.client.get(path).status_code == 500

    assert repository.client.head(path).status_code == 404
    elsewhere = Repository(repository.client, f"{repository.name}/elsewhere")
    uploads = f"{elsewhere.path}/blobs/uploads/"
    assert repository.client.post(uploads, params={"mount": digest, "from": repository.name}).status_code == 202
    assert repository.client.post(uploads, params={"mount": digest}).status_code == 202

    elsewhere.push_blob(content.encode())

    assert repository.client.get(path).content == content.encode()
    assert repository.client.head(path).status_code == 200
    assert repository.client.post(uploads, params={"mount": digest}).status_code == 201
    assert repository.has("latest")


def test_a_head_answers_nothing_but_its_status(repository: Repository, content: str, file: Path) -> None:
    """As every HEAD of what is not there."""
    gone(file)
    path = f"{repository.path}/blobs/{digest_of(content.encode())}"
    repository.client.get(path)
    answer = repository.client.head(path)
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["content-type"] == "application/json"
