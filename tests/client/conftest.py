"""Registries that the client is tried on: each kind, with each way to sign in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import bcrypt
import pytest

from jettison.client import ANONYMOUS, Credentials, Registry
from tests.support.distribution import DistributionServer
from tests.support.server import JettisonServer
from tests.support.token_server import PASSWORD, USER, TokenServer

WAYS = ("none", "basic", "token")
NEEDS = {"jettison": (), "docker-registry": ("docker-registry",), "registry": ("distribution",)}
NAMES = {"jettison": "jettison", "docker-registry": "distribution-2.8", "registry": "distribution-3"}
SITES = [
    pytest.param((kind, way), id=f"{NAMES[kind]}-{way}", marks=[pytest.mark.needs(*NEEDS[kind]), pytest.mark.slow])
    for kind in NAMES
    for way in WAYS
]
SIGNED_IN = Credentials(USER, PASSWORD, source="a test")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """A running registry, and how to reach it signed in."""

    address: str
    kind: str
    way: str
    tokens: TokenServer | None

    @property
    def credentials(self) -> Credentials:
        """What it takes."""
        return ANONYMOUS if self.way == "none" else SIGNED_IN


@pytest.fixture(scope="session", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Each kind of registry, signed in to in each way; each test uses repositories of its own."""
    kind, way = request.param
    with ExitStack() as stack:
        yield start(stack, tmp_path_factory.mktemp("site"), kind, way)


@pytest.fixture
def registry(site: Site) -> Iterator[Registry]:
    """The registry, by somebody who may do everything."""
    with Registry(site.address, credentials=site.credentials) as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """The name of a repository that no other test uses."""
    return f"test{next(_numbers)}/app"


def start(stack: ExitStack, folder: Path, kind: str, way: str) -> Site:
    """Start a registry of a kind that is signed in to in a way."""
    tokens = None
    auth: dict[str, object] = {}
    if way == "basic":
        file = folder / "htpasswd"
        file.write_text(f"{USER}:{bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()}\n")
        auth = {"auth": {"htpasswd": {"realm": "the tests", "path": str(file)}}}
    elif way == "token":
        tokens = stack.enter_context(TokenServer(folder))
        auth = {"auth": tokens.auth}
    if kind == "jettison":
        address = stack.enter_context(JettisonServer(config=auth)).address
    else:
        address = stack.enter_context(DistributionServer(kind, config=auth)).address
    return Site(address, kind, way, tokens)
