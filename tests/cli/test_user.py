from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from jettison.cli.main import app
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import accounts_server, beside, signed_in
from tests.support.server import JettisonServer
from tests.support.verb import verb_that_asks

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server() -> Iterator[JettisonServer]:
    """A registry with an administrator; each test has users of its own."""
    with accounts_server() as running:
        yield running


def status(server: JettisonServer, name: str, secret: str) -> int:
    """What the server answers who signs in so."""
    with signed_in(server, name, secret) as client:
        return client.get("/v2/").status_code


def test_a_user_is_added_beside_the_running_server(server: JettisonServer) -> None:
    """And can sign in at once; the list shows it, as a table and as JSON."""
    done = beside(server, "user", "add", "ana", "--password-stdin", sent=f"{PASSWORD}\r\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "ana was added. Nothing is granted to it yet: jettison grant add ana 'team/**:pull,push'\n"
    assert status(server, "ana", PASSWORD) == 200
    assert status(server, "ana", "wrong") == 401

    heading, *rows = beside(server, "user", "list").stdout.splitlines()
    assert heading.split() == ["NAME", "ROLE", "GROUPS", "CREATED", "LAST", "USED"]
    assert [row.split()[:3] for row in rows if row.startswith(("ana ", "root "))] == [
        ["ana", "user", "-"],
        ["root", "admin", "-"],
    ]
    listed = json.loads(beside(server, "user", "list", "--json").stdout)["users"]
    [ana] = [user for user in listed if user["name"] == "ana"]
    assert (ana["admin"], ana["disabled"], ana["groups"], ana["created_by"]) == (False, False, [], "")
    assert ana["last_used"] is not None


def test_the_password_is_asked_for_on_a_terminal(server: JettisonServer) -> None:
    """Twice, and never shown."""
    password, again = "Password of typed: ", "Repeat for confirmation: "
    done = verb_that_asks(
        *("user", "add", "typed", "--config", server.config_file),
        answers=[(password, PASSWORD), (again, "mistyped"), (password, PASSWORD), (again, PASSWORD)],
    )
    assert done.returncode == 0, done.stdout
    assert "do not match" in done.stdout
    assert PASSWORD not in done.stdout
    assert status(server, "typed", PASSWORD) == 200


def test_a_password_is_no_argument(server: JettisonServer) -> None:
    """Everybody on the machine could read it; and where nobody can be asked, that is said."""
    assert beside(server, "user", "add", "bo", PASSWORD).returncode == 2
    assert beside(server, "user", "add", "bo", "--password", PASSWORD).returncode == 2
    done = beside(server, "user", "add", "bo")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: nobody is here to ask for the password: add --password-stdin, and send it on stdin\n"


@pytest.mark.parametrize(
    ("name", "password", "message"),
    [
        ("Bo", PASSWORD, "error: the name 'Bo' cannot be had: a name is 1 to 64 lower-case letters"),
        ("bo", "short", "error: the password has 5 characters: take at least 8"),
        ("bo", "", "error: the password has 0 characters"),
        ("bo", "x" * 2000, "error: the password has 2000 characters: at most 1024"),
        ("root", PASSWORD, "error: there is a user root already"),
    ],
)
def test_what_cannot_be_had_is_one_line(server: JettisonServer, name: str, password: str, message: str) -> None:
    """With the reason, and status 1."""
    done = beside(server, "user", "add", name, "--password-stdin", sent=password)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_user_is_kept_out_and_let_in_again(server: JettisonServer) -> None:
    """Each acts on the running server at once."""
    beside(server, "user", "add", "eva", "--password-stdin", sent=PASSWORD)
    with signed_in(server, "eva", PASSWORD) as client:
        assert client.get("/v2/").status_code == 200
        assert "is disabled" in beside(server, "user", "disable", "eva").stdout
        assert client.get("/v2/").status_code == 401
        assert beside(server, "user", "enable", "eva").stdout == "eva can sign in\n"
        assert client.get("/v2/").status_code == 200
        assert beside(server, "user", "passwd", "eva", "--password-stdin", sent="another one").returncode == 0
        assert client.get("/v2/").status_code == 401
    assert status(server, "eva", "another one") == 200
    assert beside(server, "user", "remove", "eva").stdout == "eva was removed\n"
    assert status(server, "eva", "another one") == 401
    gone = beside(server, "user", "remove", "eva")
    assert (gone.returncode, gone.stderr) == (1, "error: there is no user 'eva'\n")


def test_the_last_administrator_stays(server: JettisonServer) -> None:
    """The message says how to make another one."""
    for what in ("remove", "disable"):
        done = beside(server, "user", what, "root")
        assert done.returncode == 1
        assert "root is the last administrator" in done.stderr
        assert "jettison user add --admin NAME" in done.stderr


def test_help_teaches_by_examples() -> None:
    """How the first administrator is made stands in the help of the noun."""
    shown = CliRunner().invoke(app, ["user", "--help"], env={"COLUMNS": "100"}).output
    assert "jettison user add --admin root" in shown
    assert all(f" {verb} " in shown for verb in ("add", "list", "passwd", "disable", "enable", "remove"))
