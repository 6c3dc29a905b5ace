"""Homes for client programs, the clients that several files use, and a second opinion over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.client import Client, Home
from tests.support.engine import Containerd, DockerEngine
from tests.support.parts import program
from tests.support.server import JettisonServer


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home for the client programs of a file."""
    with Home() as made:
        yield made


@pytest.fixture
def work(home: Home) -> Path:
    """A folder for the files of a test."""
    return home.work("work")


@pytest.fixture(scope="module")
def api(server: JettisonServer) -> Iterator[Api]:
    """What the registry of the file says over HTTP."""
    with Api(server) as opened:
        yield opened


@pytest.fixture(scope="module")
def skopeo(home: Home) -> Client:
    """Skopeo."""
    return home.hidden_client("skopeo")


@pytest.fixture
def docker(engine: DockerEngine) -> Iterator[Client]:
    """Docker, whose engine has no image before the test and after it."""
    client = Client((program("docker"),), engine.environ)
    yield client
    if images := set(client("image", "ls", "--quiet", "--no-trunc").split()):
        client("image", "rm", "--force", *images)


@pytest.fixture(scope="session")
def containerd() -> Iterator[Containerd]:
    """A containerd, one for each worker."""
    with Containerd() as running:
        yield running
