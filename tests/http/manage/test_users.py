"""Users over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

USERS = "/api/v1/users"


def test_a_user_is_added_and_found(root: Api, guarded: JettisonServer) -> None:
    """201 with its place; it can sign in, may do nothing, and its password is told nowhere."""
    added = root.post(USERS, {"name": "ana", "password": PASSWORD})
    assert added.status_code == 201
    assert added.headers["location"] == f"{USERS}/ana"
    user = added.json()
    assert {key: user[key] for key in ("name", "admin", "disabled", "groups", "created_by", "last_used")} == {
        "name": "ana",
        "admin": False,
        "disabled": False,
        "groups": [],
        "created_by": "root",
        "last_used": None,
    }
    with signed_in(guarded, "ana", PASSWORD) as client:
        assert client.get("/v2/").status_code == 200
        assert client.get("/v2/team/app/tags/list").status_code == 403
    assert root.get(f"{USERS}/ana")["last_used"] is not None
    assert root.get(USERS)["users"][0]["name"] == "ana"
    assert PASSWORD not in guarded.log


def test_an_administrator_is_made_by_an_administrator(root: Api, guarded: JettisonServer) -> None:
    """Who administers the registry as the first one does."""
    assert root.post(USERS, {"name": "boss", "password": PASSWORD, "admin": True}).json()["admin"]
    with signed_in(guarded, "boss", PASSWORD) as client:
        assert client.get(USERS).status_code == 200
    root.post(f"{USERS}/boss/remove")


def test_a_user_is_kept_out_and_let_in_again(root: Api, guarded: JettisonServer) -> None:
    """At once, each."""
    root.post(USERS, {"name": "eva", "password": PASSWORD})
    with signed_in(guarded, "eva", PASSWORD) as client:
        for verb, status in (("disable", 401), ("enable", 200)):
            changed = root.post(f"{USERS}/eva/{verb}")
            assert (changed.status_code, changed.json()["disabled"]) == (200, verb == "disable")
            assert client.get("/v2/").status_code == status
        assert root.post(f"{USERS}/eva/password", {"password": "another password"}).json()["name"] == "eva"
        assert client.get("/v2/").status_code == 401
    assert root.post(f"{USERS}/eva/remove").json() == {"removed": "eva"}
    assert_refused(root.client.get(f"{USERS}/eva"), 404, "ACCOUNT_UNKNOWN")
    with signed_in(guarded, "eva", "another password") as client:
        assert client.get("/v2/").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"name": "Ana", "password": PASSWORD}, 400, "ACCOUNT_INVALID", "a name is 1 to 64 lower-case letters"),
        ({"name": "bo", "password": "short"}, 400, "ACCOUNT_INVALID", "take at least 8"),
        ({"name": "bo", "password": "x" * 1025}, 400, "ACCOUNT_INVALID", "at most 1024"),
        ({"name": "root", "password": PASSWORD}, 409, "ACCOUNT_EXISTS", "there is a user root already"),
        ({"name": "bo"}, 400, None, "body.password: is missing"),
        ({"name": "bo", "password": PASSWORD, "administrator": True}, 400, None, "is not known here"),
        ({"name": "bo", "password": 12345678}, 400, None, "string"),
    ],
)
def test_what_cannot_be_had_is_refused(root: Api, body: Any, status: int, code: str | None, message: str) -> None:
    """With the reason, and without the password in it."""
    answer = root.post(USERS, body)
    error = assert_refused(answer, status, code) if code else answer.json()["errors"][0]
    assert answer.status_code == status
    assert message in answer.text
    assert PASSWORD not in str(error)
    assert "x" * 100 not in str(error)


def test_a_lone_surrogate_is_refused(root: Api) -> None:
    """JSON can write what no text holds: it must not get as far as a database."""
    for body in (
        b'{"name": "\\ud800", "password": "correct horse"}',
        b'{"name": "bo", "password": "\\ud800 horse battery"}',
    ):
        answer = root.client.post(USERS, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("verb", ["disable", "remove"])
def test_the_last_administrator_stays(root: Api, verb: str) -> None:
    """409, which says how to make another one."""
    error = assert_refused(root.post(f"{USERS}/root/{verb}"), 409, "LAST_ADMINISTRATOR")
    assert "Make another one first" in error.message


@pytest.mark.parametrize("name", ["nobody", "Nobody", "%00", "%ED%A0%80", "a%2Fb", "x" * 300])
def test_who_is_not_there_is_404(root: Api, name: str) -> None:
    """Whatever is asked for."""
    assert root.client.get(f"{USERS}/{name}").status_code in (400, 404)
    for verb in ("disable", "enable", "remove"):
        assert root.post(f"{USERS}/{name}/{verb}").status_code in (400, 404)


def test_where_nobody_signs_in_there_are_no_accounts_over_http(api: Api) -> None:
    """Whoever reaches an open registry must not plant an administrator for the day when it is closed."""
    for path, body in (
        (USERS, {"name": "mallory", "password": PASSWORD, "admin": True}),
        (f"{USERS}/root/password", {"password": PASSWORD}),
        ("/api/v1/robots", {"name": "mallory", "scopes": [{"pattern": "**", "actions": ["admin"]}]}),
        ("/api/v1/groups", {"name": "mallory"}),
        ("/api/v1/grants", {"to": "anonymous", "pattern": "**", "actions": ["delete"]}),
    ):
        error = assert_refused(api.post(path, body), 403, "DENIED")
        assert "beside the server" in error.message
    assert_refused(api.client.get(USERS), 403, "DENIED")
