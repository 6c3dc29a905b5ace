"""Grants over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

GRANTS = "/api/v1/grants"


def test_what_is_granted_is_allowed_until_it_is_taken(root: Api, guarded: JettisonServer) -> None:
    """With the next request."""
    root.post("/api/v1/users", {"name": "lea", "password": PASSWORD})
    with signed_in(guarded, "lea", PASSWORD) as client:
        given = root.post(GRANTS, {"to": "lea", "pattern": "lea/**", "actions": ["push", "pull"]})
        assert given.status_code == 201
        assert client.get("/v2/lea/app/tags/list").status_code == 404
        more = root.post(GRANTS, {"to": "lea", "pattern": "lea/**", "actions": ["delete"]})
        assert more.json()["actions"] == ["pull", "push", "delete"]
        assert root.get(GRANTS, to="lea")["grants"] == [more.json()]

        taken = {"to": "lea", "pattern": "lea/**"}
        left = root.post(f"{GRANTS}/revoke", {**taken, "actions": ["pull"]})
        assert left.json()["left"]["actions"] == ["push", "delete"]
        assert client.get("/v2/lea/app/tags/list").status_code == 403
        assert root.post(f"{GRANTS}/revoke", taken).json() == {"left": None}
        assert_refused(root.post(f"{GRANTS}/revoke", taken), 404, "GRANT_UNKNOWN")


def test_everybody_may_what_is_granted_to_anonymous(root: Api, guarded: JettisonServer) -> None:
    """But nobody makes everybody an administrator."""
    root.post(GRANTS, {"to": "anonymous", "pattern": "open/**", "actions": ["pull"]})
    assert root.get(GRANTS)["grants"][0]["to"] == "anonymous"
    with httpx2.Client(base_url=guarded.url, timeout=20, trust_env=False) as client:
        assert [each["pattern"] for each in client.get("/api/v1/me").json()["grants"]] == ["open/**"]
        assert client.get(GRANTS).status_code == 401
    assert_refused(
        root.post(GRANTS, {"to": "anonymous", "pattern": "open/**", "actions": ["admin"]}), 400, "GRANT_INVALID"
    )
    root.post(f"{GRANTS}/revoke", {"to": "anonymous", "pattern": "open/**"})


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("", {"to": "nobody", "pattern": "a", "actions": ["pull"]}, 404, "ACCOUNT_UNKNOWN"),
        ("", {"to": "group:nobody", "pattern": "a", "actions": ["pull"]}, 404, "ACCOUNT_UNKNOWN"),
        ("", {"to": "root", "pattern": "a b", "actions": ["pull"]}, 400, "PATTERN_INVALID"),
        ("", {"to": "root", "pattern": "a", "actions": []}, 400, None),
        ("", {"to": "root", "pattern": "a", "actions": None}, 400, None),
        ("/revoke", {"to": "root", "pattern": "**"}, 409, "LAST_ADMINISTRATOR"),
        ("/revoke", {"to": "root", "pattern": "**", "actions": []}, 400, None),
        ("/revoke", {"to": "root", "pattern": "**", "actions": None}, 400, None),
        ("/revoke", {"to": "root", "pattern": "**", "action": ["pull"]}, 400, None),
    ],
)
def test_what_cannot_be_is_refused(root: Api, path: str, body: Any, status: int, code: str | None) -> None:
    """An empty or misspelled list of actions is not taken for all of them."""
    answer = root.post(f"{GRANTS}{path}", body)
    assert answer.status_code == status, answer.text
    if code:
        assert_refused(answer, status, code)
    assert [each["actions"] for each in root.get(GRANTS, to="root")["grants"]] == [["admin"]]
