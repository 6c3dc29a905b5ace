"""People at browsers: of a registry that is open, and of one where they sign in."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.http.console.surfer import Surfer
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server, beside
from tests.support.server import JettisonServer


@pytest.fixture
def surfer(server: JettisonServer) -> Iterator[Surfer]:
    """Somebody at the open registry."""
    somebody = Surfer(server.url)
    with somebody.client:
        yield somebody


@pytest.fixture(scope="session")
def guarded() -> Iterator[JettisonServer]:
    """A registry with accounts: `root`, and `dev`, who may pull what is of the team, and no more."""
    with accounts_server() as running:
        for command in (["user", "add", "dev", "--password-stdin"], ["grant", "add", "dev", "team/**:pull"]):
            done = beside(running, *command, sent=PASSWORD if command[0] == "user" else "")
            assert done.returncode == 0, done.stderr
        yield running
        assert "request failed" not in running.log, "a test has caused an error of the server's own"
        assert "Traceback" not in running.log


@pytest.fixture
def visitor(guarded: JettisonServer) -> Iterator[Surfer]:
    """Somebody who comes there, and has not signed in."""
    somebody = Surfer(guarded.url)
    with somebody.client:
        yield somebody


@pytest.fixture
def root_client(guarded: JettisonServer) -> Iterator[httpx2.Client]:
    """Its administrator's program."""
    with httpx2.Client(base_url=guarded.url, auth=("root", PASSWORD), timeout=20, trust_env=False) as client:
        yield client


@pytest.fixture
def root(visitor: Surfer) -> Surfer:
    """Its administrator."""
    visitor.sign_in("root", PASSWORD)
    return visitor
