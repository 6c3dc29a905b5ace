"""Groups over HTTP."""

from __future__ import annotations

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD
from tests.support.accounts_server import signed_in
from tests.support.server import JettisonServer

GROUPS = "/api/v1/groups"


def test_members_come_and_go(root: Api, guarded: JettisonServer) -> None:
    """And may what is granted to the group while they are there."""
    for name in ("gina", "gus"):
        root.post("/api/v1/users", {"name": name, "password": PASSWORD})
    added = root.post(GROUPS, {"name": "dev", "members": ["gus"]})
    assert (added.status_code, added.json()["members"]) == (201, ["gus"])
    root.post("/api/v1/grants", {"to": "group:dev", "pattern": "team/**", "actions": ["pull"]})
    with signed_in(guarded, "gina", PASSWORD) as client:
        assert client.get("/v2/team/app/tags/list").status_code == 403
        assert root.post(f"{GROUPS}/dev/join", {"user": "gina"}).json()["members"] == ["gina", "gus"]
        assert client.get("/v2/team/app/tags/list").status_code == 404
        assert root.get("/api/v1/users/gina")["groups"] == ["dev"]
        assert root.post(f"{GROUPS}/dev/leave", {"user": "gina"}).json()["members"] == ["gus"]
        assert client.get("/v2/team/app/tags/list").status_code == 403
    assert root.get(GROUPS)["groups"][0]["name"] == "dev"
    assert root.post(f"{GROUPS}/dev/remove").json() == {"removed": "dev"}
    assert "dev" not in [group["name"] for group in root.get(GROUPS)["groups"]]


def test_what_is_not_there_is_named(root: Api) -> None:
    """404 for a group and a user, 409 for a name that is taken; and nothing is made by halves."""
    root.post(GROUPS, {"name": "ops"})
    assert_refused(root.post(GROUPS, {"name": "ops"}), 409, "ACCOUNT_EXISTS")
    assert_refused(root.post(GROUPS, {"name": "half", "members": ["root", "nobody"]}), 404, "ACCOUNT_UNKNOWN")
    for path in ("half/remove", "half/join", "ops/join", "ops/leave"):
        body = {} if path.endswith("remove") else {"user": "nobody"}
        assert_refused(root.post(f"{GROUPS}/{path}", body), 404, "ACCOUNT_UNKNOWN")
    root.post(f"{GROUPS}/ops/remove")
