"""`http.prefix`: everything lies beneath it, and clients are sent nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from jettison.oci.media_types import OCI_INDEX
from tests.http.conftest import open_client
from tests.http.refusal import assert_refused
from tests.http.repository import digest_of, index, written
from tests.support.server import JettisonServer

pytestmark = pytest.mark.slow

PREFIX = "/registry/of/mine"


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    """A client of a registry beneath a prefix."""
    with JettisonServer(config={"http": {"prefix": f"{PREFIX}/"}}) as server, open_client(server) as opened:
        yield opened


def test_an_image_is_pushed_by_following_what_is_said(client: httpx2.Client) -> None:
    """Every Location and Link lies beneath the prefix, and leads where it should."""
    body = written(index())
    begun = client.post(f"{PREFIX}/v2/a/b/blobs/uploads/").headers["location"]
    assert begun.startswith(f"{PREFIX}/v2/a/b/blobs/uploads/")
    assert client.patch(begun, content=b"x").headers["location"] == begun
    assert client.get(begun).headers["location"] == begun
    finished = client.put(begun, params={"digest": digest_of(b"x")}).headers["location"]
    assert finished == f"{PREFIX}/v2/a/b/blobs/{digest_of(b'x')}"
    assert client.get(finished).content == b"x"
    for tag in ("v1", "v2"):
        answer = client.put(f"{PREFIX}/v2/a/b/manifests/{tag}", content=body, headers={"content-type": OCI_INDEX})
        assert answer.headers["location"] == f"{PREFIX}/v2/a/b/manifests/{digest_of(body)}"
    assert client.get(answer.headers["location"]).content == body
    link = client.get(f"{PREFIX}/v2/a/b/tags/list?n=1").headers["link"]
    assert link.startswith(f"<{PREFIX}/v2/a/b/tags/list?")
    following = client.get(link.partition(">")[0].removeprefix("<"))
    assert following.json()["tags"] == ["v2"]


@pytest.mark.parametrize(
    "path", ["/v2/", "/v2/_catalog", "/v2/a/b/tags/list", "/api/openapi.json", PREFIX, f"{PREFIX}v2/"]
)
def test_nothing_is_answered_elsewhere(client: httpx2.Client, path: str) -> None:
    """404, with where the API is."""
    assert f"its API begins at {PREFIX}/v2/" in assert_refused(client.get(path), 404, "NAME_UNKNOWN").message


@pytest.mark.parametrize("path", ["/", "/healthz"])
def test_who_asks_whether_anybody_is_there_is_answered(client: httpx2.Client, path: str) -> None:
    """With the prefix and without, as distribution answers `/`."""
    assert client.get(path).status_code == 200
    assert client.get(f"{PREFIX}{path}").status_code == 200


def test_the_prefix_may_be_encoded(client: httpx2.Client) -> None:
    """As any other path may."""
    assert client.get("/%72egistry/of/mine/v2/").status_code == 200


def test_the_json_api_lies_beneath_it(client: httpx2.Client) -> None:
    """It is found there, and so is what it says comes next."""
    description = client.get(f"{PREFIX}/api/openapi.json").json()
    assert description["servers"] == [{"url": PREFIX}]
    (path,) = [path for path in description["paths"] if path.endswith("/usage")]
    assert client.get(f"{PREFIX}{path}").status_code == 200


def test_the_host_that_was_set_goes_before_paths_instead() -> None:
    """`http.host` says what clients see, with its path or without, as with distribution."""
    for host, leads in (
        ("https://a.example.com", "https://a.example.com/v2/"),
        ("https://a.example.com/there/", "https://a.example.com/there/v2/"),
    ):
        config = {"http": {"prefix": PREFIX, "host": host}}
        with JettisonServer(config=config) as server, open_client(server) as opened:
            begun = opened.post(f"{PREFIX}/v2/a/blobs/uploads/").headers["location"]
            assert begun.startswith(f"{leads}a/blobs/uploads/")
