from __future__ import annotations

import time

import httpx2
import pytest

from jettison.registry import robots, users
from jettison.registry.access import EVERYONE
from jettison.registry.keys import rotate
from jettison.registry.origin import NOBODY
from tests.http.door.conftest import Guarded, basic
from tests.http.refusal import assert_refused
from tests.http.repository import digest_of, image, written
from tests.support.accounts import PASSWORD, add_robot, add_user, give, take

EMPTY = digest_of(b"")


def challenge(answer: httpx2.Response) -> str:
    """How to sign in."""
    assert answer.status_code == 401, answer.text
    header: str = answer.headers["www-authenticate"]
    return header


@pytest.mark.parametrize("name", ["root", "ann", "ci", "cleaner"])
def test_whoever_has_an_account_signs_in(guarded: Guarded, plain: Guarded, name: str) -> None:
    """With a password or a robot's token, straight on /v2, and with what /token makes of it."""
    for each in (guarded, plain):
        assert each.client.get("/v2/", auth=each.auth(name)).status_code == 200
        assert each.client.get("/v2/", headers=each.bearer(name)).status_code == 200


def test_nobody_is_asked_to_sign_in_unless_by_v2_itself(guarded: Guarded) -> None:
    """What is open stays so, though clients that ask /v2/ first are told to sign in."""
    challenge(guarded.client.get("/v2/"))
    assert guarded.client.get("/healthz").status_code == 200
    assert guarded.client.get("/").status_code == 200
    assert guarded.client.get("/v2/open/a/tags/list").status_code == 404
    assert (
        guarded.client.get("/v2/open/a/tags/list", headers=guarded.bearer("", "repository:open/a:pull")).status_code
        == 404
    )
    assert guarded.client.get("/api/openapi.json").status_code == 200


def test_clients_that_have_no_password_pull_what_is_open(plain: Guarded, guarded: Guarded) -> None:
    """Whether they say so by no header, or by a name and a password that are empty."""
    for each in (plain, guarded):
        for headers in ({}, basic("", "")):
            assert each.client.get("/v2/open/a/tags/list", headers=headers).status_code == 404
            challenge(each.client.get("/v2/team/a/tags/list", headers=headers))
            challenge(each.client.get("/v2/", headers=headers))
    assert guarded.client.get("/token", headers=basic("", "")).status_code == 200


def test_the_challenge_names_the_scope_that_is_needed(guarded: Guarded) -> None:
    """As clients put it into their request for a token: RFC 6750, 3."""
    realm = f'Bearer realm="{guarded.server.url}/token",service="127.0.0.1:{guarded.server.port}"'
    ask = guarded.client.request
    assert challenge(ask("GET", "/v2/")) == realm
    assert challenge(ask("GET", "/v2/team/a/manifests/v1")) == f'{realm},scope="repository:team/a:pull"'
    assert challenge(ask("HEAD", "/v2/team/a/blobs/x")) == f'{realm},scope="repository:team/a:pull"'
    assert challenge(ask("POST", "/v2/a/blobs/uploads/")) == f'{realm},scope="repository:a:pull,push"'
    mount = f"/v2/a/blobs/uploads/?mount={EMPTY}&from=team/b"
    assert challenge(ask("POST", mount)) == f'{realm},scope="repository:a:pull,push repository:team/b:pull"'
    assert challenge(ask("DELETE", "/v2/team/a")) == f'{realm},scope="repository:team/a:delete"'
    assert challenge(ask("GET", "/api/v1/deletions")).startswith("Basic ")


def test_without_a_host_names_and_passwords_are_asked_for(plain: Guarded) -> None:
    """The Host header says nothing of where we are; and clients take no relative realm."""
    for headers in ({}, {"Host": "evil.example.com"}, {"X-Forwarded-Host": "evil.example.com"}):
        assert challenge(plain.client.get("/v2/", headers=headers)) == 'Basic realm="Jettison", charset="UTF-8"'


def test_a_hostile_host_is_no_realm(guarded: Guarded) -> None:
    """Clients send passwords there."""
    for headers in ({"Host": "evil.example.com"}, {"X-Forwarded-Host": "evil.example.com"}, {"Forwarded": "host=evil"}):
        assert "evil" not in challenge(guarded.client.get("/v2/team/a/tags/list", headers=headers))


@pytest.mark.parametrize("name", ["a%22b", "a%0d%0aX:%20y", "a%20b", "A", "a%2f..%2fb", "%c3%bc", "a" * 300])
def test_what_is_no_name_is_not_repeated_in_a_challenge(guarded: Guarded, name: str) -> None:
    """No header of ours is written by whoever asks; such a name is refused for what it is."""
    answer = guarded.client.get(f"/v2/{name}/manifests/v1")
    assert answer.status_code == 400, answer.text
    assert "www-authenticate" not in answer.headers


def test_a_token_does_what_its_account_may_and_it_was_asked_for(guarded: Guarded) -> None:
    """Push with a scope for it; refused without, with the challenge that names what is missing."""
    pulls = guarded.bearer("ann", "repository:team/app:pull")
    pushes = guarded.bearer("ann", "repository:team/app:pull,push")
    answer = guarded.client.post("/v2/team/app/blobs/uploads/", headers=pulls)
    assert challenge(answer).endswith('scope="repository:team/app:pull,push",error="insufficient_scope"')
    assert guarded.client.post("/v2/team/app/blobs/uploads/", headers=pushes).status_code == 202
    other = guarded.client.post("/v2/team/other/blobs/uploads/", headers=pushes)
    assert "insufficient_scope" in challenge(other)


@pytest.mark.parametrize("by", ["password", "token"])
def test_whoever_may_not_is_told_so(guarded: Guarded, by: str) -> None:
    """403 with a message for people, and no challenge: another token would be no better."""
    for name, method, path, action in (
        ("ann", "DELETE", "/v2/team/app/manifests/v1", "delete"),
        ("ci", "DELETE", "/v2/team/app", "delete"),
        ("cleaner", "PUT", "/v2/team/app/manifests/v1", "push"),
        ("eve", "GET", "/v2/team/app/manifests/v1", "pull"),
    ):
        scope = "repository:team/app:pull,push,delete"
        shown = guarded.bearer(name, scope) if by == "token" else basic(*(guarded.auth(name) or ("", "")))
        answer = guarded.client.request(method, path, headers=shown)
        error = assert_refused(answer, 403, "DENIED")
        assert error.message.startswith(f"{name} may not {action} team/app")
        assert "www-authenticate" not in answer.headers


def test_a_refusal_tells_nothing_of_what_there_is(guarded: Guarded) -> None:
    """The same bytes for a repository that is there and for one that is not."""
    push(guarded, "team/secret")
    for headers in ({}, basic("eve", PASSWORD), guarded.bearer("eve", "repository:team/secret:pull")):
        for method in ("GET", "PUT", "DELETE"):
            for rest in ("/manifests/v1", f"/blobs/{EMPTY}", ""):
                if method != "DELETE" and not rest:
                    continue
                there = guarded.client.request(method, f"/v2/team/secret{rest}", headers=headers)
                gone = guarded.client.request(method, f"/v2/team/absent{rest}", headers=headers)
                assert there.status_code == gone.status_code in (401, 403, 405)
                assert there.text.replace("secret", "absent") == gone.text


def push(guarded: Guarded, name: str) -> None:
    """An image v1, by the administrator."""
    auth = ("root", PASSWORD)
    layer = name.encode()
    for content in (layer, b"{}"):
        answer = guarded.client.post(
            f"/v2/{name}/blobs/uploads/?digest={digest_of(content)}", content=content, auth=auth
        )
        assert answer.status_code == 201, answer.text
    manifest = written(image(b"{}", layer))
    media_type = "application/vnd.oci.image.manifest.v1+json"
    answer = guarded.client.put(
        f"/v2/{name}/manifests/v1", content=manifest, headers={"Content-Type": media_type}, auth=auth
    )
    assert answer.status_code == 201, answer.text


def test_the_catalog_shows_what_one_may_pull(guarded: Guarded) -> None:
    """By a password; and by a token for the catalog, which names no repository: its account's grants decide."""
    for name in ("team/listed", "other/listed", "open/listed"):
        push(guarded, name)

    def seen(headers: dict[str, str]) -> set[str]:
        answer = guarded.client.get("/v2/_catalog", headers=headers)
        assert answer.status_code == 200, answer.text
        return {name for name in answer.json()["repositories"] if name.endswith("/listed")}

    wanted = {"ann": {"team/listed", "open/listed"}, "eve": {"other/listed", "open/listed"}, "": {"open/listed"}}
    for name, names in {**wanted, "root": {"team/listed", "other/listed", "open/listed"}}.items():
        assert seen(basic(*(guarded.auth(name) or ("", ""))) if name else {}) == names
        assert seen(guarded.bearer(name, "registry:catalog:*")) == names
        answer = guarded.client.get("/v2/_catalog", headers=guarded.bearer(name, "repository:open/listed:pull"))
        assert challenge(answer).endswith('scope="registry:catalog:*",error="insufficient_scope"')


def test_what_is_taken_away_counts_at_once_for_passwords(guarded: Guarded) -> None:
    """A grant, an account that is disabled, a token that is revoked."""
    registry, client = guarded.registry, guarded.client
    add_user(registry, "tim", "tim/**:pull")
    robot = add_robot(registry, "tims", "tim/**:pull")
    assert client.get("/v2/tim/a/tags/list", auth=("tim", PASSWORD)).status_code == 404
    assert client.get("/v2/tim/a/tags/list", auth=("tims", robot)).status_code == 404
    take(registry, "tim", "tim/**")
    assert client.get("/v2/tim/a/tags/list", auth=("tim", PASSWORD)).status_code == 403
    users.set_disabled(registry, EVERYONE, NOBODY, "tim", disabled=True)
    challenge(client.get("/v2/", auth=("tim", PASSWORD)))
    robots.revoke(registry, EVERYONE, NOBODY, "tims")
    challenge(client.get("/v2/", auth=("tims", robot)))


def test_a_bearer_ends_by_itself_and_brings_no_other(guarded: Guarded) -> None:
    """Within its life it does what it was made for; the account is asked for another, and for the catalog."""
    registry, client = guarded.registry, guarded.client
    add_user(registry, "una", "una/**:pull")
    bearer = guarded.bearer("una", "repository:una/a:pull", "registry:catalog:*")
    users.set_disabled(registry, EVERYONE, NOBODY, "una", disabled=True)
    assert client.get("/v2/una/a/tags/list", headers=bearer).status_code == 404
    assert "invalid_token" in challenge(client.get("/v2/_catalog", headers=bearer))
    assert_refused(client.get("/token", headers=bearer), 401, "UNAUTHORIZED")


def test_a_robot_shows_its_token_as_a_bearer_too(guarded: Guarded) -> None:
    """For programs that speak JSON; a token that is nobody's is refused."""
    bearer = {"Authorization": f"Bearer {guarded.tokens['cleaner']}"}
    assert guarded.client.get("/api/v1/deletions", headers=bearer).status_code == 200
    assert guarded.client.get("/api/v1/sweep", headers=bearer).status_code == 403
    wrong = {"Authorization": f"Bearer {guarded.tokens['cleaner']}x"}
    assert_refused(guarded.client.get("/api/v1/deletions", headers=wrong), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("header", ["Bearer", "Basic !", "Digest x", "Bearer a.b.c", "Basic OnBhc3N3b3Jk"])
def test_what_cannot_be_read_signs_nobody_in(guarded: Guarded, header: str) -> None:
    """Not even for what is open to everyone: whoever shows something wants to be known by it."""
    answer = guarded.client.get("/v2/open/a/tags/list", headers={"Authorization": header})
    assert challenge(answer)


def test_two_authorizations_are_refused(guarded: Guarded) -> None:
    """Good ones too."""
    good = basic("root", PASSWORD)["Authorization"]
    answer = guarded.client.get("/v2/", headers=[("Authorization", good), ("Authorization", "Bearer x")])
    assert "twice" in assert_refused(answer, 401, "UNAUTHORIZED").message


def test_a_grant_is_in_the_next_token(guarded: Guarded) -> None:
    """Nobody has to wait for it."""
    give(guarded.registry, "eve", "later/**:pull")
    bearer = guarded.bearer("eve", "repository:later/a:pull")
    assert guarded.client.get("/v2/later/a/tags/list", headers=bearer).status_code == 404


def test_a_mount_without_pull_on_its_source_is_an_upload(guarded: Guarded) -> None:
    """As when the blob is not there: nobody learns that it is."""
    push(guarded, "other/source")
    mounted = digest_of(b"other/source")
    for name in ("ann", "root"):
        bearer = guarded.bearer(name, "repository:team/app:pull,push", "repository:other/source:pull")
        path = f"/v2/team/app/blobs/uploads/?mount={mounted}&from=other/source"
        assert guarded.client.post(path, headers=bearer).status_code == (202 if name == "ann" else 201)


def test_a_key_that_is_rotated_is_taken_up(guarded: Guarded) -> None:
    """Tokens of the key before are good, and so are those of the new one before this server knows it."""
    before = guarded.bearer("ann")
    key = rotate(guarded.registry)
    assert guarded.client.get("/v2/", headers=before).status_code == 200
    deadline = time.monotonic() + 15
    while guarded.client.get("/token/keys").json()["keys"][0]["kid"] != key.id:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    names = [each["kid"] for each in guarded.client.get("/token/keys").json()["keys"]]
    assert len(names) == len(set(names)) >= 2
    assert guarded.client.get("/v2/", headers=before).status_code == 200
    assert guarded.client.get("/v2/", headers=guarded.bearer("ann")).status_code == 200


def test_no_secret_is_in_the_log(guarded: Guarded) -> None:
    """Neither passwords nor tokens, right or wrong."""
    client = guarded.client
    bearer = guarded.bearer("ann", "repository:team/a:pull")
    for headers in (bearer, basic("ann", "a-wrong-secret"), {"Authorization": "Bearer a-wrong-token"}):
        client.get("/v2/", headers=headers)
    client.get("/v2/", auth=guarded.auth("ci"))
    log = guarded.server.log
    secrets = (
        bearer["Authorization"].rpartition(".")[2],
        "a-wrong-secret",
        "a-wrong-token",
        PASSWORD,
        guarded.tokens["ci"],
    )
    assert not [secret for secret in secrets if secret in log]
