from __future__ import annotations

import httpx2
import pytest

from tests.http.door.conftest import Outside, basic
from tests.http.refusal import assert_refused
from tests.support.distribution import DistributionServer
from tests.support.token_server import SERVICE

CASES = [
    ("GET", "/v2/", ()),
    ("GET", "/v2/", ("repository:a:pull",)),
    ("GET", "/v2/a/tags/list", ()),
    ("GET", "/v2/a/tags/list", ("repository:a:pull",)),
    ("GET", "/v2/a/tags/list", ("repository:b:pull",)),
    ("GET", "/v2/a/tags/list", ("repository:a:*",)),
    ("HEAD", "/v2/a/manifests/v1", ("repository:a:pull",)),
    ("POST", "/v2/a/blobs/uploads/", ("repository:a:pull",)),
    ("POST", "/v2/a/blobs/uploads/", ("repository:a:pull,push",)),
    ("POST", "/v2/a/blobs/uploads/", ("repository:a:*",)),
    ("DELETE", "/v2/a/manifests/sha256:" + "0" * 64, ("repository:a:pull,push",)),
    ("DELETE", "/v2/a/manifests/sha256:" + "0" * 64, ("repository:a:delete",)),
    ("GET", "/v2/_catalog", ("repository:a:pull",)),
    ("GET", "/v2/_catalog", ("registry:catalog:*",)),
]


def bearer(outside: Outside, *scopes: str) -> dict[str, str]:
    """The header of a token of the server for these scopes."""
    return {"Authorization": f"Bearer {outside.tokens.token('ann', scopes)}"}


def test_clients_are_sent_to_the_server(outside: Outside) -> None:
    """With the service that this registry is there, and the scope that is needed."""
    realm = f'Bearer realm="{outside.tokens.realm}",service="{SERVICE}"'
    answer = outside.client.get("/v2/")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, realm)
    answer = outside.client.delete("/v2/team/a")
    assert answer.headers["www-authenticate"] == f'{realm},scope="repository:team/a:delete"'
    answer = outside.client.get("/v2/_catalog", headers=bearer(outside, "repository:a:pull"))
    assert answer.headers["www-authenticate"] == f'{realm},scope="registry:catalog:*",error="insufficient_scope"'
    answer = outside.client.get("/v2/_catalog", headers={"Authorization": "Bearer a.b.c"})
    assert answer.headers["www-authenticate"] == f'{realm},scope="registry:catalog:*",error="invalid_token"'


def test_passwords_are_not_taken(outside: Outside) -> None:
    """They belong to the server."""
    answer = outside.client.get("/v2/", headers=basic("ann", "secret"))
    assert "takes no passwords" in assert_refused(answer, 401, "UNAUTHORIZED").message
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert_refused(outside.client.get("/token"), 404, "NAME_UNKNOWN")


def test_whoever_has_the_catalog_sees_all_of_it(outside: Outside) -> None:
    """As with CNCF distribution: the server decides, and it knows of no pattern."""
    assert outside.client.get("/v2/_catalog", headers=bearer(outside, "registry:catalog:*")).status_code == 200


def test_administration_is_not_in_any_token(outside: Outside) -> None:
    """There is no scope for it; commands beside the server are."""
    for path in ("/api/v1/usage", "/api/v1/sweep"):
        answer = outside.client.get(path, headers=bearer(outside, "repository:a:*", "registry:catalog:*"))
        assert_refused(answer, 401, "UNAUTHORIZED")


def test_deletions_of_ones_own_are_listed(outside: Outside) -> None:
    """By a token that may delete something."""
    path = "/api/v1/deletions"
    assert outside.client.get(path, headers=bearer(outside, "repository:a:delete")).status_code == 200
    assert outside.client.get(path, headers=bearer(outside, "repository:a:pull")).status_code == 401


def test_a_token_that_was_good_is_good_until_it_ends(outside: Outside) -> None:
    """And is verified once: the same answer, time after time, and none for one byte more."""
    header = bearer(outside, "repository:a:pull")
    for _ in range(3):
        assert outside.client.get("/v2/a/tags/list", headers=header).status_code == 404
    for changed in (
        header["Authorization"][:-5],
        f"{header['Authorization']}A",
        header["Authorization"].replace(".", "..", 1),
    ):
        assert outside.client.get("/v2/a/tags/list", headers={"Authorization": changed}).status_code == 401


def test_a_token_that_has_ended_is_refused(outside: Outside) -> None:
    """Beyond the minute by which clocks may differ."""
    outside.tokens.life = -90
    try:
        header = bearer(outside, "repository:a:pull")
    finally:
        outside.tokens.life = 300
    answer = outside.client.get("/v2/a/tags/list", headers=header)
    assert "expired" in assert_refused(answer, 401, "UNAUTHORIZED").message


@pytest.mark.needs("distribution")
def test_distribution_takes_and_refuses_the_same(outside: Outside) -> None:
    """The same server's tokens: the same status and challenge, whatever they are for.

    Two things differ: for a push distribution wants `pull` in the token as well, and it has no DELETE of a repository.
    """
    with DistributionServer(config={"auth": outside.tokens.auth}) as theirs:
        for method, path, scopes in CASES:
            headers = bearer(outside, *scopes) if scopes else {}
            ours = outside.client.request(method, path, headers=headers)
            answer = httpx2.request(method, f"{theirs.url}{path}", headers=headers, trust_env=False)
            assert ours.status_code == answer.status_code, (method, path, scopes, ours.text, answer.text)
            assert sorted_scope(ours) == sorted_scope(answer), (method, path, scopes)


def sorted_scope(answer: httpx2.Response) -> str:
    """The challenge, with the actions of its scope in order: distribution's come in any."""
    challenge: str = answer.headers.get("www-authenticate", "")
    return challenge.replace(":push,pull", ":pull,push")
