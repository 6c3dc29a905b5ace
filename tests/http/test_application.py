"""Methods, headers of every answer, HEAD beside GET, and connections that go on."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2
import pytest

from tests.http.conftest import Connect
from tests.http.raw import head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of, index

ZEROS = f"sha256:{'0' * 64}"
ALLOWED = [
    ("/", "GET, HEAD, OPTIONS"),
    ("/healthz", "GET, HEAD, OPTIONS"),
    ("/v2", "GET, HEAD, OPTIONS"),
    ("/v2/", "GET, HEAD, OPTIONS"),
    ("/v2/_catalog", "GET, HEAD, OPTIONS"),
    ("/v2/a/b/tags/list", "GET, HEAD, OPTIONS"),
    ("/v2/a/b/manifests/v1", "DELETE, GET, HEAD, OPTIONS, PUT"),
    (f"/v2/a/b/blobs/{ZEROS}", "DELETE, GET, HEAD, OPTIONS"),
    ("/v2/a/b/blobs/uploads/", "OPTIONS, POST"),
    ("/v2/a/b/blobs/uploads/x", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
    (f"/v2/a/b/referrers/{ZEROS}", "GET, HEAD, OPTIONS"),
    ("/v2/a/b", "DELETE, OPTIONS"),
    ("/v1/repositories/a/b", "DELETE, OPTIONS"),
    ("/v1/repositories/a/b/", "DELETE, OPTIONS"),
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X")


# ------------------------------------------------------------------------------------------------------------- methods


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
def test_options_says_what_a_path_takes(client: httpx2.Client, path: str, allowed: str) -> None:
    """200 with Allow and no body."""
    answer = client.options(path)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["allow"] == allowed


def test_options_of_no_path_is_not_found(client: httpx2.Client) -> None:
    """There is nothing that it could say."""
    assert_refused(client.options("/nothing"), 404, "NAME_UNKNOWN")


@pytest.mark.parametrize(("path", "allowed"), ALLOWED)
def test_another_method_is_refused_with_those_there_are(client: httpx2.Client, path: str, allowed: str) -> None:
    """405 with Allow; where nothing but a deletion could be meant, 404 for what nobody reads there."""
    only_delete = allowed == "DELETE, OPTIONS"
    for method in METHODS:
        if method in allowed.split(", "):
            continue
        answer = client.request(method, path)
        if method == "HEAD":
            assert answer.status_code == (404 if only_delete else 405)
        elif only_delete or (method == "DELETE" and not path.endswith("/")):
            assert_refused(answer, 404, "NAME_UNKNOWN")
        else:
            assert_refused(answer, 405, "UNSUPPORTED")
            assert answer.headers["allow"] == allowed


def test_a_refused_deletion_says_what_else_there_is(repository: Repository) -> None:
    """Allow is without DELETE where the blob cannot be deleted, and empty where there is nothing at all."""
    repository.push_image("held", "v1")

    answer = repository.client.delete(f"{repository.path}/blobs/{digest_of(b'held')}")
    assert_refused(answer, 405, "UNSUPPORTED")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"

    answer = repository.client.delete(f"{repository.path}/")
    assert_refused(answer, 405, "UNSUPPORTED")
    assert answer.headers["allow"] == ""


# ------------------------------------------------------------------------------------------------------------- headers


@dataclass(frozen=True, slots=True)
class Ask:
    """A request whose answer is of some kind."""

    method: str
    path: str
    status: int


ANSWERS = [
    Ask("GET", "/", 200),
    Ask("GET", "/healthz", 200),
    Ask("GET", "/v2/", 200),
    Ask("GET", "/v2/_catalog", 200),
    Ask("GET", "/v2/{name}/tags/list", 200),
    Ask("GET", "/v2/{name}/manifests/v1", 200),
    Ask("GET", f"/v2/{{name}}/blobs/{digest_of(b'layer')}", 200),
    Ask("HEAD", f"/v2/{{name}}/blobs/{digest_of(b'layer')}", 200),
    Ask("GET", f"/v2/{{name}}/referrers/{ZEROS}", 200),
    Ask("POST", "/v2/{name}/blobs/uploads/", 202),
    Ask("OPTIONS", "/v2/{name}/manifests/v1", 200),
    Ask("DELETE", "/v2/{name}?dry_run=true", 200),
    Ask("GET", "/v2/{name}/manifests/-", 400),
    Ask("GET", "/v2/{name}/manifests/v2", 404),
    Ask("GET", "/nothing", 404),
    Ask("GET", "/v2/%00", 400),
    Ask("OPTIONS", "/nothing", 404),
    Ask("POST", "/v2/", 405),
    Ask("DELETE", "/v2/{name}/", 405),
    Ask("PUT", "/v2/{name}/manifests/v1", 400),
]


@pytest.mark.parametrize("ask", ANSWERS, ids=lambda ask: f"{ask.method} {ask.path[:30]} {ask.status}")
def test_headers_that_were_set_are_on_every_answer(configured_repository: Repository, ask: Ask) -> None:
    """`http.headers`, on errors too: a page of another origin reads those as well."""
    repository = configured_repository
    repository.push_image("layer", "v1")

    answer = repository.client.request(ask.method, ask.path.format(name=repository.name))

    assert answer.status_code == ask.status, answer.text
    assert answer.headers.get_list("access-control-allow-origin") == ["https://page.example.com"]
    assert answer.headers.get_list("access-control-expose-headers") == ["Docker-Content-Digest", "Link"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("docker-distribution-api-version") == ["registry/2.0"]


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/healthz", "/v2/", "/v2/_catalog?n=1", "/v2/{name}/tags/list?n=1", "/v2/{name}/manifests/v1"),
        *(f"/v2/{{name}}/blobs/{digest_of(b'layer')}", f"/v2/{{name}}/referrers/{ZEROS}"),
        *("/v2/{name}/manifests/none", f"/v2/{{name}}/blobs/{ZEROS}", "/v2/NO/tags/list", "/nothing", "/v2/{name}"),
        *("/v2/{name}/tags/list?n=-1", "/v2/{name}/manifests/-"),
    ],
)
def test_head_answers_as_get_does(repository: Repository, path: str) -> None:
    """The same status and headers, Content-Length included, and no body."""
    repository.push_image("layer", "v1")
    target = path.format(name=repository.name)

    get, bare = repository.client.get(target), repository.client.head(target)

    assert bare.status_code == get.status_code
    assert bare.content == b""
    without_date = [{key: value for key, value in answer.headers.items() if key != "date"} for answer in (get, bare)]
    assert without_date[0] == without_date[1]
    assert get.headers["content-length"] == str(len(get.content))


def test_head_of_an_upload_answers_as_get_does(repository: Repository) -> None:
    """204 has no length."""
    location = repository.begin_upload()

    bare = repository.client.head(location)

    assert (bare.status_code, bare.headers["range"], bare.headers["location"]) == (204, "0-0", location)


def test_header_names_arrive_in_lower_case(connect: Connect) -> None:
    """On the wire too, over HTTP/1.1: the README says so where people look for Docker-Content-Digest."""
    with connect() as connection:
        connection.send(head("GET", "/v2/"))
        answer = connection.take(17 + len("docker-distribution-api-version"))

    assert answer == b"HTTP/1.1 200 OK\r\ndocker-distribution-api-version"


# --------------------------------------------------------------------------------------------------------- connections


def test_a_connection_goes_on_after_every_kind_of_answer(connect: Connect, repository: Repository) -> None:
    """Errors, empty answers, parts and refused bodies leave it in step."""
    repository.push(index(), "v1")
    digest = repository.push_blob(b"0123456789")
    with connect() as connection:
        for _ in range(3):
            assert connection.ask("GET", "/nothing").status == 404
            assert connection.ask("HEAD", f"{repository.path}/manifests/v1").status == 200
            assert connection.ask("GET", f"{repository.path}/blobs/{digest}", "Range: bytes=2-3").body == b"23"
            assert connection.ask("GET", f"{repository.path}/blobs/{digest}", "Range: bytes=20-").status == 416
            assert connection.ask("GET", f"{repository.path}/blobs/{digest}", "If-None-Match: *").status == 304
            assert connection.ask("PUT", f"{repository.path}/manifests/v1", body=b"x" * 100_000).status == 400
            assert connection.ask("POST", "/nothing", body=b"x" * 3_000_000).status == 404
            assert connection.ask("DELETE", f"{repository.path}/", body=b"{}").status == 405
            assert connection.ask("OPTIONS", "/v2/").status == 200
            assert connection.ask("get", "/v2/").status == 405
        assert connection.ask("GET", "/v2/", body=b"a body that nobody reads").status == 200


def test_requests_may_come_before_their_answers_have_gone(connect: Connect, repository: Repository) -> None:
    """Pipelined requests are answered in their order."""
    repository.push(index(), "v1")
    with connect() as connection:
        targets = ["/v2/", "/nothing", f"{repository.path}/manifests/v1", "/v2/"]
        connection.send(b"".join(head("HEAD", target) for target in targets))
        answers = connection.take_until(b"\r\n\r\n", len(targets))

    assert [answer[9:12] for answer in answers] == [b"200", b"404", b"200", b"200"]
