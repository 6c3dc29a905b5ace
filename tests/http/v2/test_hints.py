"""What a DELETE that cannot be served answers, and that it deletes nothing."""

from __future__ import annotations

import httpx2
import pytest

from tests.http.conftest import Connect
from tests.http.raw import Answer
from tests.http.refusal import assert_refused, refusal
from tests.http.repository import Repository, catalog, index

WAYS = ("DELETE /v2/<name>", "DELETE /v2/<name>/manifests/<tag>", "DELETE /v2/<name>/manifests/<digest>")


@pytest.fixture
def kept(client: httpx2.Client) -> Repository:
    """A repository that no test of this file means to delete."""
    repository = Repository(client, "hints-kept")
    repository.push(index(), "latest", "v1")
    return repository


def assert_kept(repository: Repository) -> None:
    """Assert that nothing of it has gone."""
    assert repository.name in catalog(repository.client)
    assert repository.tags() == ["latest", "v1"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/repositories/hints-kept",
        "/v2/library/hints-kept",
        "/v2/v2/hints-kept",
        "/v2/_catalog/hints-kept",
        "/v1/repositories/library/hints-kept",
        "/v1/repositories/library/hints-kept/",
    ],
)
def test_a_repository_that_was_meant_is_named(kept: Repository, path: str) -> None:
    """404, with the request that would delete it."""
    error = assert_refused(kept.client.delete(path), 404, "NAME_UNKNOWN")

    assert error.message.endswith("there is hints-kept: send DELETE /v2/hints-kept")
    assert_kept(kept)


@pytest.mark.parametrize("prefix", ["_catalog/", "library/"])
def test_who_meant_a_tag_is_not_sent_to_its_repository(kept: Repository, prefix: str) -> None:
    """No hint suggests to delete more than was asked for."""
    answer = kept.client.delete(f"/v2/{prefix}hints-kept/manifests/v1")

    assert "DELETE /v2/hints-kept" not in refusal(answer).message
    assert_kept(kept)


def test_a_repository_of_such_a_name_is_deleted_all_the_same(kept: Repository) -> None:
    """`repositories/x` may exist: then it is what was meant."""
    nested = Repository(kept.client, "repositories/hints-kept")
    nested.push(index(), "v1")

    assert kept.client.delete(nested.path).status_code == 202

    assert nested.name not in catalog(kept.client)
    assert_kept(kept)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v2/hints-kept/", 405),
        ("/v2/hints-kept//", 405),
        ("/v2/hints-kept/manifests/", 405),
        ("/v2/hints-kept/manifests//", 405),
        ("/v2/hints-kept/blobs/", 405),
        ("/v2/hints-kept/blobs/uploads/", 405),
        ("/v2/hints-kept/tags/list/", 405),
        ("/v2/hints-kept%2F", 405),
        ("/v2/hints-kept/manifests%2F", 405),
        ("/v2/hints-kept/manifests/%2F", 405),
        ("/v2/", 405),
        ("/v2//", 405),
        ("/v2/_catalog", 404),
        ("/v2", 404),
        ("/v2/hints-kept/tags/list", 404),
        ("/v2/hints-kept/referrers/sha256:" + "0" * 64, 404),
        ("/v2/hints-kept/blobs/uploads", 404),
        ("/v2/hints-kept/manifests", 404),
        ("/v2/hints-kept/blobs", 404),
        ("/v2/hints-kept/tags", 404),
        ("/v2/hints-kept/tags/v1", 404),
        ("/v2/hints-kept/v1", 404),
        ("/v2/hints-kep", 404),
        ("/v2/hints-kept-2", 404),
        ("/v1/repositories/", 405),
        ("/v1/repositories//", 405),
        ("/v1/repositories", 404),
        ("/v1/repositories/hints-kept//", 405),
        ("/v1/hints-kept", 404),
        ("/hints-kept", 404),
        ("/", 405),
        ("/healthz", 404),
    ],
)
def test_every_other_delete_says_what_to_send(kept: Repository, path: str, status: int) -> None:
    """With the three that there are; an unset variable leaves a slash at the end, which never deletes."""
    for query in ("", "?purge=true"):
        answer = kept.client.request("DELETE", path + query)
        assert answer.status_code == status, answer.text
        error = refusal(answer)
        assert all(way in error.message for way in WAYS)
        assert_kept(kept)


@pytest.mark.parametrize(
    "target",
    [
        *("/v2//hints-kept", "/v2//hints-kept//manifests/v1", "/v2/%2Fhints-kept", "/v2//manifests/v1"),
        *("/v2/hints-kept//manifests/v1", "/v2/hints-kept%2F/manifests/v1", "/v2///blobs/sha256:" + "0" * 64),
        *("/v2/hints-kept%00", "/v2/hints-kept%00/manifests/v1", "/v2/hints-kept/manifests/v1%00", "/v2/%00"),
        *("/v2/./hints-kept", "/v2/x/../hints-kept", "/v2/../v2/hints-kept", "/v2/hints-kept/.", "/v2/hints-kept/.."),
        *("/v2/x/%2e%2e/hints-kept", "/v2/%2e/hints-kept", "/v2/x%2F..%2Fhints-kept", "/v2/..%2fhints-kept"),
        *("/v2/hints-kept/manifests/../manifests/v1", "/v2/hints-kept/x/../manifests/v1", "/v2/\\hints-kept"),
        *("/v2/hints-kept%20", "/v2/%20hints-kept", "/v2/hints-kept%0a", "/v2/hints-kept%0d%0a", "/v2/Hints-Kept"),
        *("/v2/hints-kept%ff", "/v2/hints-kept%C3%A9", "/v2/hints-kept%", "/v2/hints-kept%2", "/v2/hints-kept%zz"),
        *("/v2/hints-kept%252F", "/v2/hints-kept;v1", "/v2/hints-kept:v1", "/v2/hints-kept@v1", "/v2/hints-kept*"),
        *("/v2/*", "/v2/%2a", "/v2/hints-kept/manifests/*", "/v2/hints-kept/manifests/%2e", "/v2/hints-kept%3fpurge"),
        *("/v1/repositories//hints-kept", "/v1/repositories/../hints-kept", "/v1/repositories/hints-kept%00/"),
        *("//v2/hints-kept", "/V2/hints-kept", "/v2/" + "hints-kept/" * 25 + "x", "/v2/" + "a" * 256, "/v3/hints-kept"),
    ],
)
def test_a_path_that_is_not_quite_right_deletes_nothing(kept: Repository, connect: Connect, target: str) -> None:
    """Nothing is guessed: no slash joined, no dot resolved, no character dropped."""
    with connect() as connection:
        answer = connection.ask("DELETE", target)

    assert answer.status in {400, 404, 405}, answer
    refusal(answer)
    assert_kept(kept)


def test_an_escaped_letter_or_slash_is_that_letter_or_slash(connect: Connect, repository: Repository) -> None:
    """Clients may escape what they like: the path that is meant is one, for reading and for deleting."""
    repository.push(index(), "v1")
    escaped = repository.name.replace("/", "%2F").replace("a", "%61")

    def ask(method: str, target: str) -> Answer:
        with connect() as connection:
            return connection.ask(method, target)

    assert ask("GET", f"/v2/{escaped}/manifests/%761").status == 200
    assert ask("DELETE", f"/v2/{escaped}/manifests%2f%761").status == 202
    assert repository.tags() == []
    assert ask("DELETE", f"/%76%32/{escaped}").status == 202
    assert repository.name not in catalog(repository.client)


@pytest.mark.parametrize(
    "name", ["Upper", "-dash", "dash-", "a..b", "a___b", "a/-b", "a b", "é", "a%2F%2Fb", "x" * 256]
)
@pytest.mark.parametrize("route", ["/v2/{}", "/v1/repositories/{}", "/v1/repositories/{}/"])
def test_a_name_that_cannot_be_is_told_so(client: httpx2.Client, route: str, name: str) -> None:
    """400 NAME_INVALID, not 404: no such repository can exist."""
    error = assert_refused(client.delete(route.format(name)), 400, "NAME_INVALID")

    assert (WAYS[0] in error.message) == name.isascii(), "what is no ASCII is no path either"
