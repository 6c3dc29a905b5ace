"""The API is loaded when somebody asks for it, and not before."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.http.conftest import open_client
from tests.support.command import run
from tests.support.parts import ROOT
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

LOADED = """
import sys
import jettison.server.opening
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"fastapi", "starlette", "opentelemetry"}))
"""


def test_a_server_starts_without_it() -> None:
    """What serves /v2 imports none of what the API is made of, which takes as long as all else together."""
    done = run([sys.executable, "-c", LOADED], environ={"PYTHONPATH": str(ROOT / "src")})
    assert done.stdout.strip() == ""


def test_it_is_loaded_once_while_others_are_served() -> None:
    """Many ask for it first, all at once, and get it; who asks /v2 meanwhile does not wait for it."""
    with JettisonServer() as server, open_client(server) as client, ThreadPoolExecutor(8) as threads:

        def ask(path: str) -> int:
            with open_client(server) as one:
                return one.get(path).status_code

        first = [threads.submit(ask, "/api/v1/deletions") for _ in range(8)]
        served_meanwhile = 0
        while not all(each.done() for each in first):
            assert client.get("/v2/").status_code == 200
            served_meanwhile += 1

        assert [each.result() for each in first] == [200] * 8
        assert served_meanwhile > 10
