"""Registries of each kind for the verbs that work on any, and a home for what they keep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.cli.shelf import Shelf
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer

KINDS = {
    "jettison": (),
    "distribution-3": ("distribution",),
    "distribution-2.8": ("docker-registry",),
}


@contextmanager
def serving(kind: str, *, deletion: bool = True) -> Iterator[httpx2.Client]:
    """A client of a registry of this kind."""
    config = {"storage": {"delete": {"enabled": deletion}}}
    if kind == "jettison":
        server: JettisonServer | DistributionServer = JettisonServer(config=config)
    else:
        server = DistributionServer("registry" if kind == "distribution-3" else "docker-registry", config=config)
    with server, httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture(
    scope="module", params=[pytest.param(kind, marks=pytest.mark.needs(*parts)) for kind, parts in KINDS.items()]
)
def any_registry(request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A registry of each kind, for the tests of one module."""
    with serving(request.param) as client:
        yield client


@pytest.fixture(scope="module")
def own_registry() -> Iterator[httpx2.Client]:
    """A Jettison server for the tests of one module."""
    with serving("jettison") as client:
        yield client


@pytest.fixture
def shelf(any_registry: httpx2.Client, request: pytest.FixtureRequest) -> Shelf:
    """A repository of this test's own in a registry of each kind."""
    return Shelf(any_registry, _name(request))


@pytest.fixture
def own_shelf(own_registry: httpx2.Client, request: pytest.FixtureRequest) -> Shelf:
    """A repository of this test's own in a Jettison server."""
    return Shelf(own_registry, _name(request))


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a person who has kept nothing yet."""
    return {
        "HOME": str(tmp_path),
        "DOCKER_CONFIG": str(tmp_path / ".docker"),
        "XDG_CONFIG_HOME": str(tmp_path / ".config"),
        "XDG_STATE_HOME": str(tmp_path / ".state"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
    }


def _name(request: pytest.FixtureRequest) -> str:
    words = request.node.originalname.removeprefix("test_")
    return f"cli/{words[:60]}"
