from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from tests.http.repository import Repository, index
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import ROOT, accounts_server, beside, signed_in
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry with the user ana and repositories; each test has grants on one of its own."""
    with accounts_server() as running:
        beside(running, "user", "add", "ana", "--password-stdin", sent=PASSWORD)
        with signed_in(running, *ROOT) as client:
            for name in ("team/app", "public/app", "shared/app"):
                Repository(client, name).push(index(), "v1")
        yield running


def test_what_is_granted_is_allowed_until_it_is_taken(server: JettisonServer) -> None:
    """On the running server, with the next request."""
    with signed_in(server, "ana", PASSWORD) as client:
        assert client.get("/v2/team/app/tags/list").status_code == 403
        done = beside(server, "grant", "add", "ana", "team/**:pull,push", "sandbox/*:delete")
        assert done.stdout == "ana may pull, push team/**\nana may delete sandbox/*\n"
        assert client.get("/v2/team/app/tags/list").status_code == 200

        assert beside(server, "grant", "remove", "ana", "team/**:push").stdout == "ana may still pull team/**\n"
        assert client.get("/v2/team/app/tags/list").status_code == 200
        removed = beside(server, "grant", "remove", "ana", "team/**", "sandbox/*")
        assert removed.stdout.splitlines() == [
            "nothing is granted to ana by team/** any more",
            "nothing is granted to ana by sandbox/* any more",
        ]
        assert client.get("/v2/team/app/tags/list").status_code == 403


def test_everybody_may_pull_what_is_granted_to_anonymous(server: JettisonServer) -> None:
    """Without signing in; and nothing else."""
    assert beside(server, "grant", "add", "anonymous", "public/**:pull").returncode == 0
    with httpx2.Client(base_url=server.url, timeout=20, trust_env=False) as client:
        assert client.get("/v2/team/app/tags/list").status_code == 401
        assert client.delete("/v2/public/app").status_code == 401
    with signed_in(server, "ana", PASSWORD) as client:
        assert client.get("/v2/public/app/tags/list").status_code == 200
    refused = beside(server, "grant", "add", "anonymous", "public/**:admin")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "admin is never granted to everybody" in refused.stderr


def test_grants_are_listed(server: JettisonServer) -> None:
    """All of them, or somebody's; as a table and as JSON."""
    beside(server, "grant", "add", "ana", "shared/**:delete")
    rows = [line.split() for line in beside(server, "grant", "list").stdout.splitlines()]
    assert rows[0] == ["TO", "PATTERN", "ACTIONS"]
    assert ["ana", "shared/**", "delete"] in rows
    assert ["root", "**", "admin"] in rows
    [own] = json.loads(beside(server, "grant", "list", "ana", "--json").stdout)["grants"]
    assert (own["to"], own["pattern"], own["actions"]) == ("ana", "shared/**", ["delete"])
    nobody = beside(server, "grant", "list", "nobody")
    assert (nobody.returncode, nobody.stderr) == (1, "error: there is no user or robot 'nobody'\n")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["add", "ana", "team/**"], 2, "names no actions"),
        (["add", "ana", "team/**:all"], 2, "there is no action 'all'"),
        (["add", "nobody", "team/**:pull"], 1, "there is no user or robot 'nobody'"),
        (["add", "group:nobody", "team/**:pull"], 1, "there is no group 'nobody'"),
        (["remove", "ana", "elsewhere"], 1, "nothing is granted to ana by the pattern 'elsewhere'"),
        (["remove", "ana", "else where"], 1, "cannot be read"),
        (["remove", "root", "**"], 1, "root is the last administrator"),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_what_cannot_be_is_said(server: JettisonServer, arguments: list[str], status: int, message: str) -> None:
    """And nothing is changed."""
    before = beside(server, "grant", "list").stdout
    done = beside(server, "grant", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert message in " ".join(done.stderr.replace("│", "").split())
    assert beside(server, "grant", "list").stdout == before
