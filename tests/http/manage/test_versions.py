"""The versions of a repository over HTTP."""

from __future__ import annotations

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository

VERSIONS = "/api/v1/versions"


def test_versions_are_filtered_and_paged(api: Api, repository: Repository) -> None:
    """The path of the next page leads through all of them, with the same filter."""
    digests = [repository.push_image(f"{repository.name} {number}", f"v{number}") for number in range(3)]
    repository.push_image(f"{repository.name} x", "x")

    first = api.get(f"{VERSIONS}/{repository.name}", tag="v*", limit=2)
    second = api.get(first["next"])

    assert [each["digest"] for each in (*first["versions"], *second["versions"])] == digests[::-1]
    assert second["next"] is None
    assert [tag["name"] for tag in first["versions"][0]["tags"]] == ["v2"]


def test_a_filter_that_cannot_be_read_is_refused(api: Api, repository: Repository) -> None:
    """With the reason; and so is a repository that is not there."""
    repository.push_image("layer", "v1")
    path = f"{VERSIONS}/{repository.name}"
    assert_refused(api.client.get(path, params={"tag": "["}), 400, "PATTERN_INVALID")
    for query in ("platform=a b", "since=yesterday", "untagged=perhaps", "tags=v1"):
        assert api.client.get(f"{path}?{query}").status_code == 400
    assert api.get(path, since="2020-01-01T00:00:00Z", untagged="false")["versions"]
    assert api.get(path, until="2020-01-01T00:00:00+01:00")["versions"] == []
    assert_refused(api.client.get(f"{VERSIONS}/absent"), 404, "NAME_UNKNOWN")
