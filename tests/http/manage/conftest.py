"""Clients of the JSON API, and registries of their own for tests of filters, which look at all there is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.manage.api import Api
from tests.support.accounts_server import ROOT, accounts_server, signed_in
from tests.support.server import JettisonServer


@pytest.fixture
def api(client: httpx2.Client) -> Api:
    """The API of the shared registry."""
    return Api(client)


@pytest.fixture(scope="module")
def own_server() -> Iterator[JettisonServer]:
    """A registry that no other file's tests use; it sweeps only when it is asked to."""
    with JettisonServer(config={"jettison": {"sweep": {"interval": "0s", "grace": "0s"}}}) as running:
        yield running


@pytest.fixture
def own(own_server: JettisonServer) -> Iterator[Api]:
    """The API of that registry, which is empty."""
    with open_client(own_server) as opened:
        api = Api(opened)
        yield api
        if opened.get("/v2/_catalog").json()["repositories"]:
            api.delete(filter={"repository": "**"}, all=True, purge=True)


@pytest.fixture(scope="session")
def guarded() -> Iterator[JettisonServer]:
    """A registry where one has to sign in; each test makes accounts of its own."""
    with accounts_server() as running:
        yield running
        assert "request failed" not in running.log, "a test has caused an error of the server's own"
        assert "Traceback" not in running.log


@pytest.fixture
def root(guarded: JettisonServer) -> Iterator[Api]:
    """The API of that registry, as its administrator uses it."""
    with signed_in(guarded, *ROOT) as opened:
        yield Api(opened)
