"""Oneself, over HTTP."""

from __future__ import annotations

import httpx2

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

ME = "/api/v1/me"


def test_a_user_sees_what_it_may(root: Api, guarded: JettisonServer) -> None:
    """Its own grants and those of its groups, and no other account."""
    root.post("/api/v1/users", {"name": "mia", "password": PASSWORD})
    root.post("/api/v1/groups", {"name": "mias", "members": ["mia"]})
    root.post("/api/v1/grants", {"to": "group:mias", "pattern": "mia/**", "actions": ["push", "pull"]})
    with signed_in(guarded, "mia", PASSWORD) as client:
        assert client.get(ME).json() == {
            "kind": "user",
            "name": "mia",
            "admin": False,
            "grants": [{"pattern": "mia/**", "actions": ["pull", "push"]}],
            "groups": ["mias"],
            "expires_at": None,
        }
        for path in ("/api/v1/users", "/api/v1/users/mia", "/api/v1/users/root", "/api/v1/groups", "/api/v1/grants"):
            assert_refused(client.get(path), 403, "DENIED")
    root.post("/api/v1/groups/mias/remove")


def test_a_robot_sees_when_it_expires(root: Api, guarded: JettisonServer) -> None:
    """And what it may."""
    scopes = [{"pattern": "r/*", "actions": ["delete"]}]
    made = root.post("/api/v1/robots", {"name": "robbie", "scopes": scopes, "days": 3}).json()
    with signed_in(guarded, "robbie", made["token"]) as client:
        me = client.get(ME).json()
    assert (me["kind"], me["grants"], me["expires_at"]) == ("robot", scopes, made["expires_at"])


def test_who_has_not_signed_in_is_told_so(guarded: JettisonServer, client: httpx2.Client) -> None:
    """Where one has to, and where nobody does; who tried and failed is refused."""
    with httpx2.Client(base_url=guarded.url, timeout=20, trust_env=False) as unknown:
        me = unknown.get(ME).json()
        assert (me["kind"], me["name"], me["admin"]) == ("anonymous", "", False)
    with signed_in(guarded, "root", "wrong password") as wrong:
        assert wrong.get(ME).status_code == 401
    open_to_all = client.get(ME).json()
    assert (open_to_all["kind"], open_to_all["admin"]) == ("everyone", True)


def test_a_user_changes_the_own_password(root: Api, guarded: JettisonServer) -> None:
    """With the current one; from then on the new one is the only one."""
    root.post("/api/v1/users", {"name": "pia", "password": PASSWORD})
    with signed_in(guarded, "pia", PASSWORD) as client:
        wrong = Api(client).post(f"{ME}/password", {"current": "wrong password", "password": "another password"})
        assert "the current password is wrong" in assert_refused(wrong, 403, "DENIED").message
        short = Api(client).post(f"{ME}/password", {"current": PASSWORD, "password": "short"})
        assert_refused(short, 400, "ACCOUNT_INVALID")
        done = Api(client).post(f"{ME}/password", {"current": PASSWORD, "password": "another password"})
        assert done.json() == {"changed": True}
        assert client.get(ME).status_code == 401
    with signed_in(guarded, "pia", "another password") as client:
        assert client.get(ME).json()["name"] == "pia"
    assert "another password" not in guarded.log


def test_who_has_no_password_changes_none(root: Api, guarded: JettisonServer, api: Api) -> None:
    """A robot, nobody, and whoever asks where nobody signs in."""
    body = {"current": PASSWORD, "password": "another password"}
    token = root.post("/api/v1/robots", {"name": "rosie", "scopes": [{"pattern": "**", "actions": ["admin"]}]}).json()
    with signed_in(guarded, "rosie", token["token"]) as client:
        assert_refused(Api(client).post(f"{ME}/password", body), 403, "DENIED")
    with httpx2.Client(base_url=guarded.url, timeout=20, trust_env=False) as unknown:
        assert Api(unknown).post(f"{ME}/password", body).status_code in (401, 403)
    assert_refused(api.post(f"{ME}/password", body), 403, "DENIED")
