from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from jettison.registry import sessions, users
from jettison.registry.access import EVERYONE
from jettison.registry.origin import NOBODY
from tests.http.door.conftest import Guarded
from tests.http.refusal import assert_refused
from tests.support.accounts import PASSWORD, add_user, give, take
from tests.support.distribution import DistributionServer
from tests.support.ports import free_port
from tests.support.server import JettisonServer


def claims_of(token: str) -> dict[str, Any]:
    """What it says."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def access(body: dict[str, Any]) -> dict[str, list[str]]:
    """What a token is for, by name."""
    return {each["name"]: each["actions"] for each in claims_of(body["token"])["access"]}


def post(guarded: Guarded, **form: str) -> httpx2.Response:
    """Ask as OAuth2 does."""
    return guarded.client.post("/token", data=form)


def test_a_token_says_whose_it_is_what_it_is_for_and_until_when(guarded: Guarded) -> None:
    """The claims of Docker's token specification, for five minutes."""
    body = guarded.token("ann", "repository:team/app:pull,push", service=f"127.0.0.1:{guarded.server.port}")
    claims = claims_of(body["token"])
    assert body["access_token"] == body["token"]
    assert (body["expires_in"], claims["exp"] - claims["iat"]) == (300, 300)
    assert abs(datetime.fromisoformat(body["issued_at"]).timestamp() - claims["iat"]) < 1
    assert (claims["iss"], claims["aud"]) == (guarded.server.url, f"127.0.0.1:{guarded.server.port}")
    assert (claims["sub"], claims["kind"]) == ("ann", "user")
    assert claims["access"] == [{"type": "repository", "name": "team/app", "actions": ["pull", "push"]}]
    assert body["scope"] == "repository:team/app:pull,push"
    assert "refresh_token" not in body


def test_anybody_verifies_a_token_by_the_published_keys(guarded: Guarded) -> None:
    """With another library's eyes: the key of its name, ES256, and no private half."""
    keys = guarded.client.get("/token/keys")
    assert keys.headers["content-type"] == "application/jwk-set+json"
    assert not any("d" in each for each in keys.json()["keys"])
    token = jwt.decode(guarded.token("ci")["token"], KeySet.import_key_set(keys.json()), algorithms=["ES256"])
    assert token.claims["sub"] == "ci"
    assert token.header["kid"] == keys.json()["keys"][0]["kid"]


def test_a_token_has_as_much_of_the_scope_as_its_sender_may(guarded: Guarded) -> None:
    """Of several scopes each its own, in whatever form they come; without any, nothing."""
    asked = "repository:team/a:pull,push,delete repository:other/a:pull"
    assert access(guarded.token("ann", asked, "repository:open/a:pull")) == {
        "team/a": ["pull", "push"],
        "open/a": ["pull"],
    }
    assert access(guarded.token("cleaner", "repository:team/a:*")) == {"team/a": ["pull", "delete"]}
    assert access(guarded.token("cleaner", "repository:team/a:pull,push")) == {"team/a": ["pull"]}
    assert access(guarded.token("", "repository:open/a:pull,push repository:team/a:pull")) == {"open/a": ["pull"]}
    assert access(guarded.token("root", "registry:catalog:*")) == {"catalog": ["*"]}
    assert access(guarded.token("root")) == {}


@pytest.mark.parametrize(
    "query",
    ["scope=repository", "scope=repository:localhost:5000/a:pull", "service=another", "scope=repository:A:pull"],
)
def test_what_cannot_be_granted_to_anybody_is_refused(guarded: Guarded, query: str) -> None:
    """A scope that is none, and tokens for another registry."""
    assert_refused(guarded.client.get(f"/token?{query}"), 400, "UNSUPPORTED")


def test_a_wrong_password_gets_no_token(guarded: Guarded) -> None:
    """Not even one for what is open: whoever signs in wants to know."""
    for auth in (("ann", "wrong"), ("nobody", PASSWORD), ("ann", ""), ("ci", PASSWORD)):
        answer = guarded.client.get("/token?scope=repository:open/a:pull", auth=auth)
        assert "wrong" in assert_refused(answer, 401, "UNAUTHORIZED").message
        assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_token_gets_no_token(guarded: Guarded) -> None:
    """Else it would never end."""
    answer = guarded.client.get("/token", headers=guarded.bearer("ann"))
    assert_refused(answer, 401, "UNAUTHORIZED")


@pytest.mark.parametrize("name", ["ann", "ci"])
def test_a_refresh_token_stands_in_for_the_password(guarded: Guarded, name: str) -> None:
    """As `docker login` asks for it, and as OAuth2 does; it stays the same, and is good for any scope."""
    refresh = guarded.token(name, offline_token="true", client_id="docker", account=name)["refresh_token"]
    form = {"grant_type": "refresh_token", "client_id": "docker", "refresh_token": refresh}
    body = post(guarded, **form, scope="repository:team/a:pull,push repository:team/b:pull").json()
    assert access({"token": body["access_token"]}) == {"team/a": ["pull", "push"], "team/b": ["pull"]}
    assert body["refresh_token"] == refresh
    auth = guarded.auth(name)
    assert auth is not None
    password = {"grant_type": "password", "username": auth[0], "password": auth[1], "client_id": "x"}
    assert "refresh_token" not in post(guarded, **password).json()
    other = post(guarded, **password, access_type="offline").json()
    assert other["refresh_token"] != refresh
    assert claims_of(other["access_token"])["sub"] == name


def test_a_refresh_token_ends_at_once(guarded: Guarded) -> None:
    """When its account is disabled or gets another password, and when it is revoked."""
    registry = guarded.registry
    add_user(registry, "max")

    def refreshes(token: str) -> int:
        return post(guarded, grant_type="refresh_token", refresh_token=token).status_code

    tokens = [guarded.token("max", offline_token="true")["refresh_token"] for _ in range(2)]
    assert [refreshes(token) for token in tokens] == [200, 200]
    sessions.revoke(registry, tokens[0])
    assert [refreshes(token) for token in tokens] == [401, 200]
    users.set_disabled(registry, EVERYONE, NOBODY, "max", disabled=True)
    assert [refreshes(token) for token in tokens] == [401, 401]


def test_nobody_gets_a_refresh_token_for_nothing(guarded: Guarded) -> None:
    """What is open to everyone needs none."""
    assert "refresh_token" not in guarded.token("", offline_token="true")


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"scope": ""}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "invalid_request"),
        ({"grant_type": "password"}, 401, "invalid_grant"),
        ({"grant_type": "password", "username": "ann", "password": "wrong"}, 401, "invalid_grant"),
        ({"grant_type": "password", "username": "ann", "password": "a\nb"}, 401, "invalid_grant"),
        ({"grant_type": "refresh_token"}, 401, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "jettison_x"}, 401, "invalid_grant"),
        (
            {"grant_type": "password", "username": "ann", "password": PASSWORD, "service": "another"},
            400,
            "invalid_request",
        ),
        ({"grant_type": "password", "username": "ann", "password": PASSWORD, "scope": "a"}, 400, "invalid_request"),
    ],
)
def test_a_refusal_by_post_has_the_words_of_oauth(
    guarded: Guarded, form: dict[str, str], status: int, word: str
) -> None:
    """RFC 6749, 5.2, beside the error body that clients of registries read."""
    answer = post(guarded, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert answer.json()["errors"][0]["message"] == answer.json()["error_description"]


def test_a_form_is_a_form(guarded: Guarded) -> None:
    """Of its media type, of a size, of fields that are there once."""
    client = guarded.client
    assert_refused(client.post("/token", json={"grant_type": "password"}), 415, "UNSUPPORTED")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert_refused(client.post("/token", content=b"a=" + b"x" * 70_000, headers=form), 413, "SIZE_INVALID")
    for content in (b"grant_type=password&grant_type=refresh_token", b"a=%ff", b"\xff", b"&".join([b"a=b"] * 200)):
        assert client.post("/token", content=content, headers=form).status_code == 400


def test_no_answer_is_kept(guarded: Guarded) -> None:
    """By a cache in between: RFC 6749, 5.1."""
    assert guarded.client.get("/token").headers["cache-control"] == "no-store"
    assert post(guarded, grant_type="x").headers["cache-control"] == "no-store"


@pytest.mark.needs("distribution")
def test_distribution_takes_our_tokens(guarded: Guarded, tmp_path: Path) -> None:
    """With our published keys as its `jwks`: so does whatever else verifies tokens of Docker's specification."""
    keys = tmp_path / "keys.json"
    keys.write_text(guarded.client.get("/token/keys").text)
    service = f"127.0.0.1:{guarded.server.port}"
    realm = f"{guarded.server.url}/token"
    auth = {"token": {"realm": realm, "service": service, "issuer": guarded.server.url, "jwks": str(keys)}}
    with DistributionServer(config={"auth": auth}) as theirs:
        asked = {
            name: httpx2.post(
                f"{theirs.url}/v2/team/app/blobs/uploads/",
                headers=guarded.bearer(name, "repository:team/app:pull,push"),
                trust_env=False,
            ).status_code
            for name in ("ann", "cleaner")
        }
    assert asked == {"ann": 202, "cleaner": 401}


def test_a_registry_without_accounts_makes_no_tokens(server: JettisonServer) -> None:
    """404, which clients take for what it is."""
    for method, path in (("GET", "/token"), ("POST", "/token"), ("GET", "/token/keys")):
        assert_refused(httpx2.request(method, f"{server.url}{path}", trust_env=False), 404, "NAME_UNKNOWN")


@pytest.mark.slow
def test_lifetime_service_and_host_are_as_the_settings_say() -> None:
    """Beneath a prefix too; a registry that is read only signs people in."""
    host = f"http://127.0.0.1:{free_port()}/r/"
    config: dict[str, Any] = {
        "auth": {"jettison": {"lifetime": "1m", "service": "our registry"}},
        "http": {"prefix": "/r/", "host": host},
        "storage": {"maintenance": {"readonly": {"enabled": True}}},
    }
    with JettisonServer(config=config) as server, httpx2.Client(base_url=server.url, trust_env=False) as client:
        realm = client.get("/r/v2/").headers["www-authenticate"]
        assert realm == f'Bearer realm="{host}token",service="our registry"'
        body = client.get("/r/token").json()
        assert client.get("/token").status_code == 404
        refused = client.post("/r/token", data={"grant_type": "refresh_token"})
    assert timedelta(seconds=body["expires_in"]) == timedelta(minutes=1)
    assert claims_of(body["token"])["aud"] == "our registry"
    assert refused.status_code == 401


def test_a_page_elsewhere_signs_nobody_in(guarded: Guarded) -> None:
    """A form can be posted from anywhere, but the browser says where it was."""
    form = {"grant_type": "password", "username": "ann", "password": PASSWORD}
    elsewhere = guarded.client.post("/token", data=form, headers={"Origin": "https://page.example"})
    assert_refused(elsewhere, 403, "DENIED")
    ours = guarded.client.post("/token", data=form, headers={"Origin": guarded.server.url})
    assert ours.status_code == 200


def test_who_may_with_another_token_is_told_to_get_one(guarded: Guarded) -> None:
    """Also where the path names no repository, and what is granted is a pattern."""
    give(guarded.registry, "ann", "spare/**:delete")
    headers = guarded.bearer("ann", "repository:spare/a:pull")
    answer = guarded.client.get("/api/v1/deletions", headers=headers)
    assert answer.status_code == 401
    assert "get one whose scope has it" in answer.json()["errors"][0]["message"]
    take(guarded.registry, "ann", "spare/**:delete")
