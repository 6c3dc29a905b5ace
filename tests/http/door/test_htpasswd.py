from __future__ import annotations

import time

import httpx2
import pytest

from tests.http.door.conftest import ByFile, basic, htpasswd
from tests.http.refusal import assert_refused
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer


@pytest.mark.slow
def test_whoever_is_in_the_file_may_do_everything(by_file: ByFile) -> None:
    """As with CNCF distribution: it is all or nothing, on /v2 and on /api."""
    for method, path, status in (
        ("GET", "/v2/", 200),
        ("GET", "/v2/_catalog", 200),
        ("GET", "/v2/a/tags/list", 404),
        ("POST", "/v2/a/blobs/uploads/", 202),
        ("DELETE", "/v2/a", 404),
        ("GET", "/api/v1/usage", 200),
        ("GET", "/api/v1/sweep", 200),
    ):
        assert by_file.client.request(method, path, auth=("ann", "secret")).status_code == status


@pytest.mark.parametrize("path", ["/v2/", "/v2/_catalog", "/v2/a/tags/list", "/v2/a/manifests/v1", "/api/v1/usage"])
def test_nobody_else_may_do_anything(by_file: ByFile, path: str) -> None:
    """Whoever says nothing, the wrong thing, or shows a token."""
    for headers in ({}, basic("ann", "wrong"), basic("bob", "secret"), {"Authorization": "Bearer a.b.c"}):
        answer = by_file.client.get(path, headers=headers)
        assert_refused(answer, 401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"] == 'Basic realm="the tests", charset="UTF-8"'


def test_the_file_is_read_again_when_it_changes(by_file: ByFile) -> None:
    """The next request counts."""
    assert by_file.client.get("/v2/", auth=("zoe", "z")).status_code == 401
    with by_file.file.open("a") as file:
        file.write(htpasswd("zoe", "z"))
    assert by_file.client.get("/v2/", auth=("zoe", "z")).status_code == 200
    by_file.file.write_text(htpasswd("ann", "secret"))
    assert by_file.client.get("/v2/", auth=("zoe", "z")).status_code == 401


def test_a_password_that_bcrypt_cuts_off_is_told(by_file: ByFile) -> None:
    """The message says how long it is, and how long it may be."""
    answer = by_file.client.get("/v2/", auth=("ann", "p" * 100))
    assert "100 bytes" in assert_refused(answer, 401, "UNAUTHORIZED").message


def test_clients_without_a_secret_see_what_lives(by_file: ByFile) -> None:
    """Health and preflights."""
    assert by_file.client.get("/healthz").status_code == 200
    answer = by_file.client.options("/v2/a/manifests/v1")
    assert (answer.status_code, "GET" in answer.headers["allow"]) == (200, True)


def test_the_body_of_a_refused_push_is_read(by_file: ByFile) -> None:
    """So that its client reads why, and the connection goes on."""
    content = b"x" * 3_000_000
    for _ in range(2):
        answer = by_file.client.put("/v2/a/blobs/uploads/x?digest=sha256:0", content=content)
        assert_refused(answer, 401, "UNAUTHORIZED")


@pytest.mark.slow
def test_a_password_that_is_looked_at_keeps_nobody_waiting() -> None:
    """While slow hashes are made, requests of others are answered at once."""
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from tempfile import TemporaryDirectory

    import bcrypt

    with TemporaryDirectory() as folder:
        file = Path(folder) / "htpasswd"
        file.write_text(f"ann:{bcrypt.hashpw(b'a', bcrypt.gensalt(13)).decode()}\n")
        config = {"auth": {"htpasswd": {"realm": "a", "path": str(file)}}}
        with JettisonServer(config=config) as server, ThreadPoolExecutor(4) as threads:

            def guess(number: int) -> int:
                return httpx2.get(
                    f"{server.url}/v2/", auth=(f"n{number}", "b"), trust_env=False, timeout=60
                ).status_code

            guesses = [threads.submit(guess, number) for number in range(4)]
            time.sleep(0.3)
            with httpx2.Client(base_url=server.url, trust_env=False) as client:
                slowest = 0.0
                while not all(each.done() for each in guesses):
                    started = time.monotonic()
                    assert client.get("/healthz").status_code == 200
                    slowest = max(slowest, time.monotonic() - started)
            assert [each.result() for each in guesses] == [401] * 4
    assert slowest < 0.5


@pytest.mark.needs("distribution")
def test_distribution_takes_and_refuses_the_same(by_file: ByFile) -> None:
    """The same file, the same names and passwords: the same status."""
    config = {"auth": {"htpasswd": {"realm": "the tests", "path": str(by_file.file)}}}
    with DistributionServer(config=config) as theirs:
        for headers in ({}, basic("ann", "secret"), basic("ann", "wrong"), basic("bob", "secret")):
            for path in ("/v2/", "/v2/_catalog", "/v2/a/tags/list"):
                ours = by_file.client.get(path, headers=headers)
                answer = httpx2.get(f"{theirs.url}{path}", headers=headers, trust_env=False)
                assert ours.status_code == answer.status_code
                assert ours.headers.get("www-authenticate", "").startswith(answer.headers.get("www-authenticate", ""))
