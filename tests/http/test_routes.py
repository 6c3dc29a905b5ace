"""Where paths overlap: what the specification names wins over repositories of that name."""

from __future__ import annotations

import httpx2
import pytest

from jettison.http.routes import ROUTES, Router
from jettison.oci.media_types import OCI_IMAGE
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, catalog, digest_of, image, index, written

LOOKALIKES = [
    *("a/tags", "a/tags/list", "a/manifests", "a/manifests/latest", "a/blobs", "a/blobs/uploads", "a/referrers"),
    *("blobs/uploads", "manifests/latest", "tags/list", "v2", "v2/v2", "v1/repositories/x", "manifests", "uploads"),
    *("a/blobs/uploads/00000000-0000-0000-0000-000000000000", "healthz", "api/v1", "a/manifests/manifests/manifests"),
]


@pytest.mark.parametrize("name", LOOKALIKES)
def test_a_repository_whose_name_looks_like_a_route_works(client: httpx2.Client, name: str) -> None:
    """Pushed, pulled, listed, and deleted: through its manifests, or by the route that has room for any name."""
    repository = Repository(client, name)
    location = repository.begin_upload()
    assert location.startswith(f"/v2/{name}/blobs/uploads/")
    assert client.get(location).status_code == 204
    assert client.delete(location).status_code == 204
    digest = repository.push_image(name, "v1", "v2")

    assert client.get(f"{repository.path}/manifests/v1").content == written(image(b"{}", name.encode()))
    assert client.get(f"{repository.path}/blobs/{digest_of(name.encode())}").content == name.encode()
    assert client.get(f"{repository.path}/tags/list").json() == {"name": name, "tags": ["v1", "v2"]}
    signature = index(subject={"mediaType": OCI_IMAGE, "digest": digest, "size": 1})
    assert client.get(f"{repository.path}/referrers/{digest}").json()["manifests"] == []
    repository.push(signature)
    assert len(client.get(f"{repository.path}/referrers/{digest}").json()["manifests"]) == 1
    assert name in catalog(client)
    assert client.delete(f"{repository.path}/manifests/v1").status_code == 202
    assert repository.tags() == ["v2"]

    assert client.delete(f"/v1/repositories/{name}").status_code == 202

    assert name not in catalog(client)


def test_a_route_wins_over_a_repository_of_its_name(client: httpx2.Client) -> None:
    """What lies at such a path is the route's, whoever pushed a repository of that name; it is never deleted for it."""
    for name in ("b", "b/tags/list", "b/manifests/v1", "b/blobs/uploads"):
        Repository(client, name).push(index(), "v1", "v2")

    assert client.get("/v2/b/tags/list").json() == {"name": "b", "tags": ["v1", "v2"]}
    assert client.get("/v2/b/manifests/v1").content == written(index())
    assert client.post("/v2/b/blobs/uploads").status_code == 202
    assert_refused(client.delete("/v2/b/tags/list"), 404, "NAME_UNKNOWN")
    assert_refused(client.delete("/v2/b/blobs/uploads"), 404, "NAME_UNKNOWN")
    assert client.delete("/v2/b/manifests/v1").status_code == 202

    assert client.get("/v2/b/tags/list").json() == {"name": "b", "tags": ["v2"]}
    assert {"b", "b/tags/list", "b/manifests/v1", "b/blobs/uploads"} <= set(catalog(client))


def test_the_catalog_is_no_repository(client: httpx2.Client) -> None:
    """Its path is no name: nothing can be pushed there."""
    assert_refused(client.post("/v2/_catalog/blobs/uploads/"), 400, "NAME_INVALID")


@pytest.mark.parametrize(
    ("path", "template", "parts"),
    [
        ("/v2", "/v2/", {}),
        ("/v2/_catalog", "/v2/_catalog", {}),
        ("/v2/a/b/manifests/x", "/v2/{name}/manifests/{reference}", {"name": "a/b", "reference": "x"}),
        ("/v2/a/manifests/manifests/manifests", "/v2/{name}/manifests/{reference}", {"name": "a/manifests"}),
        ("/v2/a/blobs/uploads/manifests/x", "/v2/{name}/manifests/{reference}", {"name": "a/blobs/uploads"}),
        ("/v2/a/blobs/uploads", "/v2/{name}/blobs/uploads/", {"name": "a"}),
        ("/v2/a/blobs/x", "/v2/{name}/blobs/{digest}", {"name": "a", "digest": "x"}),
        ("/v2/a/manifests", "/v2/{name}", {"name": "a/manifests"}),
        ("/v1/repositories/a/b/", "/v1/repositories/{name}/", {"name": "a/b"}),
        ("/v1/repositories/a/b", "/v1/repositories/{name}", {"name": "a/b"}),
    ],
)
def test_a_path_finds_its_route(path: str, template: str, parts: dict[str, str]) -> None:
    """A name holds slashes, no other part does, and the longest name wins."""
    found = Router(ROUTES).find(path)

    assert found is not None
    assert found.path == template
    assert parts.items() <= found.parts.items()


@pytest.mark.parametrize("path", ["", "v2", "/v2/a/", "/v2//", "/v2/a/manifests/", "/v1/repositories/", "*", "/v2/\n/"])
def test_other_paths_find_none(path: str) -> None:
    """A slash at the end is nobody's name."""
    assert Router(ROUTES).find(path) is None


def test_a_long_path_is_matched_in_no_time() -> None:
    """The pattern does not go back and forth over what the server lets through."""
    router = Router(ROUTES)
    for part in ("manifests/", "a/blobs/uploads/", "tags/list/", "/", "a"):
        router.find("/v2/" + part * (64_000 // len(part)))
