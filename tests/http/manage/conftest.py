"""Clients of the JSON API, and registries of their own for tests of filters, which look at all there is."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.http.conftest import open_client
from tests.http.manage.api import Api
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
