from __future__ import annotations

import re
import sys
from base64 import b64encode
from collections import Counter
from pathlib import Path

import pytest

from tests.http.conftest import open_client
from tests.http.manage.api import Api
from tests.http.repository import Repository, index
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import ROOT, accounts_server, signed_in
from tests.support.command import run
from tests.support.server import JettisonServer

SECONDS = 25
PROGRAM = Path(sys.executable).parent / "schemathesis"


SHUTS_OUT = r"(/password|/users/{name}/(disable|remove))$"
"""Where it would do so to the administrator it asks as, whose name it learns from answers."""

ABOUT_ACCOUNTS = r"^/api/v1/(me|setup|users|robots|groups|grants)\b"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_answer_is_as_described(tmp_path: Path) -> None:
    """What fits the description is taken, what does not is refused; every status and body is one that is described.

    Schemathesis makes the requests out of the description: its examples, what lies on the borders of each field, and
    whatever else comes to its mind in the time it has, with all of its checks.
    """
    with JettisonServer() as server, open_client(server) as client:
        api = Api(client)
        for name in ("team/app", "team/base", "a", "0"):
            repository = Repository(client, name)
            repository.push(index(annotations={"of": name}), "v1.0", "v2", "A", *(f"x{number}" for number in range(10)))
            for number in range(10):
                api.delete(f"{name}:x{number}")
        run(
            [
                *(str(PROGRAM), "run", f"{server.url}/api/openapi.json", f"--max-time={SECONDS}", "--checks=all"),
                *("--phases=examples,coverage,fuzzing", "--continue-on-failure", "--warnings=off"),
            ],
            cwd=tmp_path,
            seconds=SECONDS + 90,
        )
        answered = Counter(re.findall(r"method=(\w+) path=/api/v1/([a-z]+)\S* status=(\d+) ", server.log))
    assert answered.total() > 300, "it hardly began"
    assert not [each for each in answered if each[2].startswith("5")]
    told = {(noun, status) for _, noun, status in answered}
    assert told >= {("deletions", status) for status in ("200", "201", "400", "404", "409")}, "it did not get far"
    assert told >= {("sweep", "200"), ("usage", "200"), ("usage", "404"), ("why", "200"), ("why", "400")}
    assert told >= {(noun, "200") for noun in ("repositories", "versions", "version", "disk")}


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_every_answer_about_accounts_is_as_described(tmp_path: Path) -> None:
    """The same where one has to sign in, as an administrator."""
    with accounts_server() as server, signed_in(server, *ROOT) as client:
        api = Api(client)
        api.post("/api/v1/users", {"name": "ana", "password": PASSWORD})
        api.post("/api/v1/groups", {"name": "dev", "members": ["ana"]})
        basic = b64encode(":".join(ROOT).encode()).decode()
        run(
            [
                *(str(PROGRAM), "run", f"{server.url}/api/openapi.json", f"--max-time={SECONDS}", "--checks=all"),
                *("--phases=examples,coverage,fuzzing", "--continue-on-failure", "--warnings=off"),
                *(f"--include-path-regex={ABOUT_ACCOUNTS}", f"--exclude-path-regex={SHUTS_OUT}"),
                f"--header=Authorization: Basic {basic}",
            ],
            cwd=tmp_path,
            seconds=SECONDS + 90,
        )
        assert client.get("/api/v1/me").json()["admin"]
        answered = Counter(re.findall(r"method=(\w+) path=/api/v1/([a-z]+)\S* status=(\d+) ", server.log))
    assert answered.total() > 200, "it hardly began"
    assert not [each for each in answered if each[2].startswith("5")]
    told = {(noun, status) for _, noun, status in answered}
    nouns = ("users", "robots", "groups", "grants")
    assert told >= {(noun, status) for noun in nouns for status in ("200", "201", "400", "404")}, "it did not get far"
    assert told >= {("me", "200"), ("setup", "403")}
