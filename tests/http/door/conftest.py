"""Registries that ask who comes, one for each way of it, and people who do."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import bcrypt
import httpx2
import pytest

from jettison.registry import passwords
from jettison.registry.registry import Registry
from jettison.server.registry import open_registry
from jettison.settings import load
from tests.support.accounts import PASSWORD, add_robot, add_user, give
from tests.support.ports import free_port
from tests.support.server import JettisonServer
from tests.support.token_server import TokenServer

FREE = {"jettison": {"limits": {"signins": {"failures": 0}}}}
"""Tests guess more than people may."""


@dataclass
class Guarded:
    """A registry with accounts. Its server runs; ``registry`` is the same, opened beside it."""

    server: JettisonServer
    registry: Registry
    client: httpx2.Client
    tokens: dict[str, str] = field(default_factory=dict)

    def auth(self, name: str) -> tuple[str, str] | None:
        """The name and the password, or token, of somebody; None for who does not say."""
        return (name, self.tokens.get(name, PASSWORD)) if name else None

    def token(self, name: str, *scopes: str, **more: str) -> dict[str, Any]:
        """What /token answers to somebody who asks for these scopes."""
        query = urlencode([("scope", scope) for scope in scopes] + list(more.items()))
        answer = self.client.get(f"/token?{query}", auth=self.auth(name))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def bearer(self, name: str, *scopes: str) -> dict[str, str]:
        """The header of a token for these scopes."""
        return {"Authorization": f"Bearer {self.token(name, *scopes)['token']}"}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords of these tests are hashed in no time."""
    monkeypatch.setattr(passwords, "ROUNDS", 1)
    monkeypatch.setattr(passwords, "MEMORY", 64)


@pytest.fixture(scope="package")
def guarded() -> Iterator[Guarded]:
    """A registry that says where it is, so that clients get tokens."""
    port = free_port()
    yield from _on(port, {"auth": {"jettison": {}}, "http": {"host": f"http://127.0.0.1:{port}"}, **FREE})


@pytest.fixture(scope="package")
def plain() -> Iterator[Guarded]:
    """One that does not, so that clients send names and passwords."""
    yield from _on(free_port(), {"auth": {"jettison": {}}, **FREE})


def _on(port: int, config: dict[str, Any]) -> Iterator[Guarded]:
    with JettisonServer(port=port, config=config) as server:
        registry = open_registry(load(server.config_file, {}).settings)
        with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
            yield _filled(Guarded(server, registry, client))
        registry.close()
        assert "request failed" not in server.log, server.log
        assert "Traceback" not in server.log, server.log


def _filled(guarded: Guarded) -> Guarded:
    """With an administrator, a developer, robots that push and delete, and something that all may pull."""
    registry = guarded.registry
    add_user(registry, "root", admin=True)
    add_user(registry, "ann", "team/**:pull,push")
    add_user(registry, "eve", "other/**:pull,push,delete")
    guarded.tokens["ci"] = add_robot(registry, "ci", "team/**:pull,push")
    guarded.tokens["cleaner"] = add_robot(registry, "cleaner", "team/**:pull,delete")
    give(registry, "anonymous", "open/**:pull")
    return guarded


@dataclass(frozen=True)
class ByFile:
    """A registry with a password file."""

    server: JettisonServer
    file: Path
    client: httpx2.Client


@pytest.fixture(scope="package")
def by_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ByFile]:
    """Ann's password is `secret`."""
    file = tmp_path_factory.mktemp("passwords") / "htpasswd"
    file.write_text(htpasswd("ann", "secret"))
    config = {"auth": {"htpasswd": {"realm": "the tests", "path": str(file)}}, **FREE}
    with JettisonServer(config=config) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
        yield ByFile(server, file, client)


def htpasswd(name: str, password: str) -> str:
    """A line of a password file."""
    return f"{name}:{bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()}\n"


@dataclass(frozen=True)
class Outside:
    """A registry that takes the tokens of a server."""

    tokens: TokenServer
    server: JettisonServer
    client: httpx2.Client


@pytest.fixture(scope="package")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """The server gives the user what is asked for, and nobody more than pull."""
    with TokenServer(tmp_path_factory.mktemp("tokens")) as tokens:
        config = {"auth": tokens.auth}
        with JettisonServer(config=config) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
            yield Outside(tokens, server, client)


def basic(name: str, password: str) -> dict[str, str]:
    """A Basic header, where the client's own would be too polite."""
    return {"Authorization": "Basic " + b64encode(f"{name}:{password}".encode()).decode()}
