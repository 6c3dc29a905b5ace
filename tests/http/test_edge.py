"""Where clients are sent: by paths alone, or by the URL that was set; never by what a request says of itself."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from jettison.oci.media_types import OCI_INDEX
from tests.http.conftest import Connect, open_client
from tests.http.raw import Answer
from tests.http.repository import Repository, digest_of, index, written
from tests.support.server import JettisonServer

HOST = "https://registry.example.com:8443"
HOSTILE = [
    "Host: evil.test",
    "Host: evil.test:1@registry.test",
    "Host: evil.test/path?query#",
    "Host: <script>alert(1)</script>",
    "Host: ",
    "X-Forwarded-Host: evil.test",
    "X-Forwarded-Proto: evil.test",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Port: 1234",
    "X-Forwarded-Prefix: /evil.test",
    "X-Forwarded-For: evil.test",
    "Forwarded: for=evil.test;host=evil.test;proto=https",
    "X-Original-URL: /evil.test",
    "X-Rewrite-URL: /evil.test",
    "X-HTTP-Method-Override: DELETE",
    "Referer: http://evil.test/",
]


@pytest.mark.parametrize("header", HOSTILE)
def test_no_header_leads_elsewhere(connect: Connect, repository: Repository, header: str) -> None:
    """Location and Link are relative whatever Host and X-Forwarded-* say, and nothing of them comes back."""
    repository.push(index(), "v1", "v2")
    body = written(index())

    def ask(method: str, rest: str, *fields: str, body: bytes | None = None) -> Answer:
        with connect() as connection:
            answer = connection.ask(method, f"{repository.path}/{rest}", header, *fields, body=body)
        said = repr(answer.headers) + repr(answer.body)
        assert "evil" not in said, said
        assert "https" not in said, said
        assert "registry.test" not in said, said
        return answer

    begun = ask("POST", "blobs/uploads/", body=b"").header("location")
    assert begun is not None
    assert begun.startswith(f"{repository.path}/blobs/uploads/")
    upload = begun.removeprefix(f"{repository.path}/")
    assert ask("PATCH", upload, body=b"x").header("location") == begun
    assert ask("PATCH", upload, "Content-Range: 5-5", body=b"x").header("location") == begun
    assert ask("GET", upload).header("location") == begun
    finished = ask("PUT", f"{upload}?digest={digest_of(b'x')}", body=b"").header("location")
    assert finished == f"{repository.path}/blobs/{digest_of(b'x')}"
    pushed = ask("PUT", "manifests/v1", f"Content-Type: {OCI_INDEX}", body=body).header("location")
    assert pushed == f"{repository.path}/manifests/{digest_of(body)}"
    assert str(ask("GET", "tags/list?n=1").header("link")).startswith(f"<{repository.path}/tags/list?")
    assert ask("GET", "manifests/unknown").status == 404
    assert ask("GET", "manifests/v1").status == 200
    assert repository.tags() == ["v1", "v2"]


@pytest.mark.parametrize("header", HOSTILE)
def test_the_host_that_was_set_leads_clients(configured_repository: Repository, header: str) -> None:
    """`http.host` goes before every Location and Link, and no header changes it."""
    repository, client = configured_repository, configured_repository.client
    name, _, value = header.partition(": ")
    headers = {name: value}
    repository.push(index(), "v1", "v2")

    begun = client.post(f"{repository.path}/blobs/uploads/", headers=headers).headers["location"]
    assert begun.startswith(f"{HOST}{repository.path}/blobs/uploads/")
    upload = begun.removeprefix(HOST)
    assert client.get(upload, headers=headers).headers["location"] == begun
    finished = client.put(upload, params={"digest": digest_of(b"y")}, content=b"y", headers=headers)
    assert finished.headers["location"] == f"{HOST}{repository.path}/blobs/{digest_of(b'y')}"
    pushed = client.put(f"{repository.path}/manifests/v1", content=written(index()), headers=headers)
    assert pushed.headers["location"] == f"{HOST}{repository.path}/manifests/{digest_of(written(index()))}"
    for path in (f"{repository.path}/tags/list?n=1", "/v2/_catalog?n=0"):
        link = client.get(path, headers=headers).headers.get("link", "")
        assert link.startswith(f"<{HOST}{repository.path}/tags/list?") == ("tags" in path)


@pytest.fixture(scope="module")
def relative_client() -> Iterator[httpx2.Client]:
    """A client of a registry that has a host and relative URLs."""
    config = {"http": {"host": HOST, "relativeurls": True}}
    with JettisonServer(config=config) as server, open_client(server) as opened:
        yield opened


def test_the_host_wins_over_relative_urls(relative_client: httpx2.Client) -> None:
    """`http.relativeurls` changes nothing of what `http.host` says, as with distribution."""
    repository = Repository(relative_client, "relative")

    assert repository.begin_upload().startswith(f"{HOST}/v2/relative/blobs/uploads/")
