"""The first administrator over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from jettison.blobs.filesystem import FilesystemBlobs
from jettison.metadata.sqlite import SQLiteDatabase
from jettison.registry.registry import Registry
from jettison.registry.setup import new_code
from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

SETUP = "/api/v1/setup"
WRONG = "aaaaa-aaaaa-aaaaa-aaaaa-aaaaa"


@pytest.fixture
def fresh() -> Iterator[JettisonServer]:
    """A registry where one has to sign in, and nobody can yet."""
    with JettisonServer(config={"auth": {"jettison": {}}}) as running:
        yield running


def printed(server: JettisonServer) -> str:
    """A code, made as the server makes one at its start."""
    registry = Registry(SQLiteDatabase(server.data / "jettison.db"), FilesystemBlobs(server.data))
    try:
        code = new_code(registry)
        assert code is not None
        return code
    finally:
        registry.close()


@pytest.mark.slow
def test_the_code_makes_the_first_administrator_once(fresh: JettisonServer) -> None:
    """Whoever can read what the server prints; nobody after that."""
    code = printed(fresh)
    with httpx2.Client(base_url=fresh.url, timeout=20, trust_env=False) as client:
        api = Api(client)
        assert_refused(api.post(SETUP, {"code": WRONG, "name": "root", "password": PASSWORD}), 403, "DENIED")
        assert_refused(api.post(SETUP, {"code": code, "name": "root", "password": "short"}), 400, "ACCOUNT_INVALID")
        made = api.post(SETUP, {"code": code, "name": "root", "password": PASSWORD})
        assert (made.status_code, made.json()["admin"]) == (201, True)
        assert_refused(api.post(SETUP, {"code": code, "name": "second", "password": PASSWORD}), 403, "DENIED")
    with signed_in(fresh, "root", PASSWORD) as client:
        assert [user["name"] for user in client.get("/api/v1/users").json()["users"]] == ["root"]
    assert code not in fresh.log


def test_without_a_code_nobody_is_made(root: Api, api: Api) -> None:
    """Where there are administrators, and where nobody signs in."""
    for asked in (root, api):
        for code in (WRONG, "", "x" * 1000):
            answer = asked.post(SETUP, {"code": code, "name": "mallory", "password": PASSWORD})
            assert_refused(answer, 403, "DENIED")
