"""Robots over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

ROBOTS = "/api/v1/robots"
SCOPES = [{"pattern": "team/**", "actions": ["push", "pull"]}]


def test_a_robot_is_made_and_its_token_told_once(root: Api, guarded: JettisonServer) -> None:
    """No cache may keep that answer; the log has nothing of it."""
    made = root.post(ROBOTS, {"name": "ci", "scopes": SCOPES})
    assert made.status_code == 201
    assert (made.headers["location"], made.headers["cache-control"]) == (f"{ROBOTS}/ci", "no-store")
    token = made.json()["token"]
    assert made.json()["scopes"] == [{"pattern": "team/**", "actions": ["pull", "push"]}]
    assert made.json()["created_by"] == "root"
    told = root.client.get(f"{ROBOTS}/ci").text + root.client.get(ROBOTS).text
    assert '"ci"' in told
    assert token not in told
    assert token not in guarded.log
    with signed_in(guarded, "ci", token) as client:
        assert client.get("/v2/team/app/tags/list").status_code == 404
        assert client.get("/v2/other/app/tags/list").status_code == 403
        assert client.get(ROBOTS).status_code == 403


def test_a_token_works_as_a_bearer_for_the_api(root: Api, guarded: JettisonServer) -> None:
    """For programs that send no name."""
    made = root.post(ROBOTS, {"name": "janitor", "scopes": [{"pattern": "**", "actions": ["admin"]}], "days": 1})
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    with httpx2.Client(base_url=guarded.url, headers=bearer, timeout=20, trust_env=False) as client:
        assert client.get(ROBOTS).status_code == 200
        assert client.get("/api/v1/me").json()["name"] == "janitor"
        root.post(f"{ROBOTS}/janitor/revoke")
        assert client.get(ROBOTS).status_code == 401


def test_a_revoked_robot_is_gone(root: Api, guarded: JettisonServer) -> None:
    """With its token."""
    token = root.post(ROBOTS, {"name": "gone", "scopes": SCOPES, "expires": False}).json()["token"]
    assert root.get(f"{ROBOTS}/gone")["expires_at"] is None
    with signed_in(guarded, "gone", token) as client:
        assert client.get("/v2/").status_code == 200
        assert root.post(f"{ROBOTS}/gone/revoke").json() == {"removed": "gone"}
        assert client.get("/v2/").status_code == 401
    assert_refused(root.post(f"{ROBOTS}/gone/revoke"), 404, "ACCOUNT_UNKNOWN")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"name": "x"}, 400, "body.scopes: is missing"),
        ({"name": "x", "scopes": []}, 400, "body.scopes"),
        ({"name": "x", "scopes": [{"pattern": "a//b", "actions": ["pull"]}]}, 400, "cannot be read"),
        ({"name": "x", "scopes": [{"pattern": "a", "actions": []}]}, 400, "body.scopes.0.actions"),
        ({"name": "x", "scopes": [{"pattern": "a", "actions": ["*"]}]}, 400, "body.scopes.0.actions.0"),
        ({"name": "x", "scopes": SCOPES, "days": 0}, 400, "body.days"),
        ({"name": "x", "scopes": SCOPES, "days": 10**6}, 400, "body.days"),
        ({"name": "x", "scopes": SCOPES, "days": "unlimited"}, 400, "body.days"),
        ({"name": "x", "scopes": SCOPES, "expires_at": "never"}, 400, "is not known here"),
        ({"name": "root", "scopes": SCOPES}, 409, "there is a user root already"),
    ],
)
def test_what_cannot_be_made_is_refused(root: Api, body: Any, status: int, message: str) -> None:
    """With the reason."""
    answer = root.post(ROBOTS, body)
    assert answer.status_code == status
    assert message in answer.text
