"""The deletion of a whole repository; its place in the catalog is in test_paging.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, digest_of, index


@pytest.mark.parametrize("route", ["/v2/{}", "/v1/repositories/{}", "/v1/repositories/{}/"])
def test_a_repository_goes_with_one_request(repository: Repository, route: str) -> None:
    """202 with a summary; the next request knows nothing of it; its neighbours stay."""
    client, beside = repository.client, Repository(repository.client, f"{repository.name}/nested")
    digest = repository.push_image("a layer of its own " + route, "v1", "latest")
    repository.push_image("shared layer", "v2")
    beside.push_image("shared layer", "v1")
    before = datetime.now(UTC)

    answer = client.delete(route.format(repository.name))

    assert answer.status_code == 202
    summary = answer.json()
    assert summary["kind"] == "repository"
    assert summary["repository"] == repository.name
    assert (summary["tags"], summary["versions"]) == (3, 2)
    assert summary["bytes"] == {"exclusive": len("a layer of its own " + route), "shared": len("shared layer" + "{}")}
    undo_until = datetime.strptime(summary["undo_until"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(hours=23, minutes=59) < undo_until - before < timedelta(hours=24, minutes=1)

    assert repository.name not in catalog(client)
    assert beside.name in catalog(client)
    assert beside.tags() == ["v1"]
    assert_refused(client.get(f"{repository.path}/tags/list"), 404, "NAME_UNKNOWN")
    assert not repository.has(digest)
    assert not repository.has_blob(digest_of(b"shared layer"))
    assert_refused(client.delete(repository.path), 404, "NAME_UNKNOWN")


@pytest.mark.parametrize("route", ["/v2/{}", "/v1/repositories/{}/"])
def test_a_purge_cannot_be_undone(repository: Repository, route: str) -> None:
    """`?purge=true` says so."""
    repository.push(index(), "v1")

    answer = repository.client.delete(route.format(repository.name), params={"purge": "true"})

    assert answer.status_code == 202
    assert answer.json()["undo_until"] is None
    assert repository.name not in catalog(repository.client)


def test_a_tag_and_a_manifest_may_be_purged_too(repository: Repository) -> None:
    """The same parameters everywhere."""
    digest = repository.push(index(), "v1")

    for reference in ("v1", digest):
        answer = repository.client.delete(f"{repository.path}/manifests/{reference}", params={"purge": "true"})
        assert (answer.status_code, answer.json()["undo_until"]) == (202, None)


def test_an_upload_survives_the_deletion_of_its_repository(repository: Repository) -> None:
    """A push in flight across it succeeds."""
    repository.push(index(), "v1")
    location = repository.begin_upload()
    repository.client.patch(location, content=b"half of")

    assert repository.client.delete(repository.path).status_code == 202

    digest = digest_of(b"half of it")
    assert repository.client.put(location, params={"digest": digest}, content=b" it").status_code == 201
    assert repository.has_blob(digest)


def test_a_new_repository_takes_the_name(repository: Repository) -> None:
    """It begins empty: nothing of the old one shows."""
    repository.push(index(annotations={"n": "old"}), "old")
    repository.client.delete(repository.path)

    repository.push(index(), "new")

    assert repository.tags() == ["new"]
    assert repository.name in catalog(repository.client)
