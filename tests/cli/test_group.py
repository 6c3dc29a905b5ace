from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server, beside, signed_in
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry with the users ana and bo."""
    with accounts_server() as running:
        for name in ("ana", "bo"):
            beside(running, "user", "add", name, "--password-stdin", sent=PASSWORD)
        yield running


def test_members_may_what_is_granted_to_their_group(server: JettisonServer) -> None:
    """As long as they are members, and there is the group."""
    added = beside(server, "group", "add", "dev", "ana")
    assert added.stdout == "the group dev was added: jettison grant add group:dev 'team/**:pull,push'\n"
    beside(server, "grant", "add", "group:dev", "team/**:pull")

    def may(name: str) -> bool:
        with signed_in(server, name, PASSWORD) as client:
            status = client.get("/v2/team/app/tags/list").status_code
        assert status in (403, 404)
        return status == 404

    assert [may("ana"), may("bo")] == [True, False]
    assert beside(server, "group", "join", "dev", "bo", "ana").stdout == "dev: ana bo\n"
    assert [may("ana"), may("bo")] == [True, True]
    assert beside(server, "group", "leave", "dev", "ana").stdout == "dev: bo\n"
    assert [may("ana"), may("bo")] == [False, True]
    assert beside(server, "group", "remove", "dev").stdout == "the group dev was removed\n"
    assert [may("ana"), may("bo")] == [False, False]


def test_groups_are_listed_with_their_members(server: JettisonServer) -> None:
    """As a table and as JSON."""
    beside(server, "group", "add", "ops", "bo", "ana")
    beside(server, "group", "add", "empty")
    rows = [line.split() for line in beside(server, "group", "list").stdout.splitlines()]
    assert rows == [["GROUP", "MEMBERS"], ["empty", "-"], ["ops", "ana", "bo"]]
    listed = json.loads(beside(server, "group", "list", "--json").stdout)["groups"]
    assert [(each["name"], each["members"]) for each in listed] == [("empty", []), ("ops", ["ana", "bo"])]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "Dev"], "the name 'Dev' cannot be had"),
        (["add", "new", "ana", "nobody"], "there is no user 'nobody'"),
        (["join", "none", "ana"], "there is no group 'none'"),
        (["leave", "none", "ana"], "there is no group 'none'"),
        (["remove", "none"], "there is no group 'none'"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else None,
)
def test_what_cannot_be_is_said_and_nothing_is_done(server: JettisonServer, arguments: list[str], message: str) -> None:
    """Of several members all join, or none; a group is not left half made."""
    before = beside(server, "group", "list").stdout
    done = beside(server, "group", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert beside(server, "group", "list").stdout == before
