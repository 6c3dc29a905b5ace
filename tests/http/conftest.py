"""A registry that all tests of the edge share, and clients of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.http.raw import Connection
from tests.http.repository import Repository
from tests.support.server import JettisonServer

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[JettisonServer]:
    """A registry on SQLite that deletes, one for each worker: each test uses repositories of its own."""
    with JettisonServer() as running:
        yield running
        assert "request failed" not in running.log, "a test has caused an error of the server's own"
        assert "Traceback" not in running.log


@pytest.fixture(scope="session")
def configured() -> Iterator[JettisonServer]:
    """One with every setting of the edge that is not the default, and that takes manifests before their content."""
    config = {
        "http": {
            "host": "https://registry.example.com:8443/",
            "headers": {
                "Access-Control-Allow-Origin": ["https://page.example.com"],
                "Access-Control-Expose-Headers": ["Docker-Content-Digest", "Link"],
                "X-Content-Type-Options": ["nosniff"],
            },
        },
        "catalog": {"maxentries": 3},
        "validation": {"manifests": {"indexes": {"platforms": "none"}}},
        "jettison": {"validation": {"blobs": "none"}, "limits": {"manifest": 2000, "tags": 3}},
    }
    with JettisonServer(config=config) as running:
        yield running


def open_client(server: JettisonServer) -> httpx2.Client:
    """A client with a connection of its own."""
    return httpx2.Client(base_url=server.url, timeout=20, trust_env=False)


@pytest.fixture(scope="session")
def client(server: JettisonServer) -> Iterator[httpx2.Client]:
    """A client of the shared registry."""
    with open_client(server) as opened:
        yield opened


@pytest.fixture(scope="session")
def configured_client(configured: JettisonServer) -> Iterator[httpx2.Client]:
    """A client of the configured registry."""
    with open_client(configured) as opened:
        yield opened


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A repository name that no other test uses."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.originalname.removeprefix("test_"))[:60].strip("-")
    return f"{words}/{next(_numbers)}"


@pytest.fixture
def repository(client: httpx2.Client, name: str) -> Repository:
    """An empty repository of the shared registry."""
    return Repository(client, name)


@pytest.fixture
def configured_repository(configured_client: httpx2.Client, name: str) -> Repository:
    """An empty repository of the configured registry."""
    return Repository(configured_client, name)


Connect = Callable[[], Connection]


@pytest.fixture
def connect(server: JettisonServer) -> Connect:
    """Opens a connection to the shared registry, to speak by hand."""
    return lambda: Connection(("127.0.0.1", server.port))
