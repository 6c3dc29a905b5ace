from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from jettison.cli import token
from jettison.cli.main import app
from jettison.registry.robots import USUAL_DAYS
from tests.http.repository import Repository, index
from tests.support.accounts_server import ROOT, accounts_server, beside, signed_in
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry with an administrator; each test has robots of its own."""
    with accounts_server() as running:
        yield running


def create(server: JettisonServer, *arguments: str) -> str:
    """The token of a new robot."""
    done = beside(server, "token", "create", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def test_the_token_alone_is_on_stdout(server: JettisonServer) -> None:
    """What there is to know about it is on stderr; no list shows it again."""
    done = beside(server, "token", "create", "ci", "--scope", "team/**:push,pull", "-s", "base/*:pull")
    assert re.fullmatch(r"jettison_[\w-]{43}\n", done.stdout)
    assert re.fullmatch(r"the token of ci, until 20\d\d-\S+Z; it is not shown again:\n", done.stderr)
    heading, *rows = beside(server, "token", "list").stdout.splitlines()
    assert heading.split() == ["NAME", "GOOD", "LAST", "USED", "SCOPES"]
    [ci] = [row for row in rows if row.startswith("ci ")]
    assert ci.split()[-3:] == ["never", "base/*:pull", "team/**:pull,push"]
    told = beside(server, "token", "list", "--json").stdout
    assert done.stdout.strip() not in told
    [robot] = [each for each in json.loads(told)["robots"] if each["name"] == "ci"]
    assert robot["scopes"][1] == {"pattern": "team/**", "actions": ["pull", "push"]}


def test_a_robot_may_push_and_not_delete(server: JettisonServer) -> None:
    """The reason why people ask for robots."""
    secret = create(server, "pusher", "--scope", "team/**:pull,push")
    with signed_in(server, "pusher", secret) as client:
        repository = Repository(client, "team/app")
        repository.push(index(), "v1")
        assert client.delete("/v2/team/app").status_code == 403
        assert client.get("/v2/other/app/tags/list").status_code == 403
    with signed_in(server, *ROOT) as client:
        assert client.get("/v2/team/app/tags/list").json()["tags"] == ["v1"]


def test_a_revoked_token_is_good_for_nothing(server: JettisonServer) -> None:
    """At once."""
    secret = create(server, "gone", "--scope", "**:pull", "--no-expiry")
    with signed_in(server, "gone", secret) as client:
        assert client.get("/v2/").status_code == 200
        assert beside(server, "token", "revoke", "gone").stdout == "gone was removed, and its token with it\n"
        assert client.get("/v2/").status_code == 401
    again = beside(server, "token", "revoke", "gone")
    assert (again.returncode, again.stderr) == (1, "error: there is no robot 'gone'\n")


def test_it_is_there_as_json(server: JettisonServer) -> None:
    """With the token, this once."""
    done = beside(server, "token", "create", "js", "--scope", "a:pull", "--days", "1", "--json")
    robot = json.loads(done.stdout)
    assert (robot["name"], robot["expired"], done.stderr) == ("js", False, "")
    assert robot["token"].startswith("jettison_")
    forever = json.loads(beside(server, "token", "create", "ever", "-s", "a:pull", "--no-expiry", "--json").stdout)
    assert forever["expires_at"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x"], "--scope"),
        (["x", "--scope", "team/**"], "names no actions"),
        (["x", "--scope", "team/**:remove"], "there is no action 'remove'"),
        (["x", "--scope", "team//app:pull"], "cannot be read"),
        (["x", "--scope", "a:pull", "--days", "1", "--no-expiry"], "contradict"),
    ],
)
def test_what_cannot_be_read_is_a_wrong_argument(server: JettisonServer, arguments: list[str], message: str) -> None:
    """Status 2; nothing is made."""
    done = beside(server, "token", "create", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.replace("│", "").split())


def test_a_life_that_cannot_be_is_refused(server: JettisonServer) -> None:
    """With the longest that can."""
    done = beside(server, "token", "create", "x", "--scope", "a:pull", "--days", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "1 to 3650 days" in done.stderr


def test_the_usual_life_is_that_of_the_rules() -> None:
    """The help says it without loading them."""
    assert token.DAYS == USUAL_DAYS
    assert f"{USUAL_DAYS} days" in CliRunner().invoke(app, ["token", "create", "--help"], env={"COLUMNS": "200"}).output
