"""What a request may say: names and tags at the edge of their grammar, and paths and queries that are none."""

from __future__ import annotations

import httpx2
import pytest

from jettison.oci.media_types import OCI_INDEX
from tests.http.conftest import Connect
from tests.http.raw import chunked, head
from tests.http.refusal import assert_refused, refusal
from tests.http.repository import Repository, catalog, index, written

GOOD_NAMES = [
    *("a", "0", "a0", "a.b", "a_b", "a__b", "a-b", "a----b", "a/b", "a/b/c/d/e/f/g/h", "1/2"),
    *("x" * 255, "/".join("x" * 128), "library/debian", "a.b-c_d__e/f", "sha256", "localhost/a"),
]
BAD_NAMES = [
    *("A", "aB", ".a", "a.", "-a", "a-", "_a", "a_", "a..b", "a___b", "a._b", "a.-b", "a-_b", "a__-b", "a/-b", "a-/b"),
    *("a/.b", "a/./b", "a/../b", "..", ".", "a//b", "a/b//c", "a:b", "a@b", "a+b", "a~b", "a$b", "a,b", "a;b"),
    *("x" * 256, "/".join("x" * 129), "a%2F%2Fb", "a%00b", "a%0Ab", "a%C3%A9", "a%2F..%2Fb", "%2e%2e", "a%5Cb", "a%20"),
    *("a%ZZ", "a%", "a%2", "a%ff", "a\\b", "a|b", "a[b", "%EF%BC%8F", "a%2e", "a%7f"),
]
GOOD_TAGS = ["a", "A", "_", "0", "__", "a.b", "a-b", "A_b.C-1", "x" * 128, "latest", "v1.0.0-rc.1", "a..b", "a--", "a."]
BAD_TAGS = [
    *("-", ".", "-a", ".a", "..", "x" * 129, "a+b", "a@b", "a~1", "a$", "a,b", "a;b", "a%00", "a%0a", "a%C3%A9"),
    *("%20", "a%20", "a%2Bb", "a=b", "a*", "a!", "(a)", "'a'", "a&b", "%ff", "a%zz", "a\\b"),
]
BAD_DIGESTS = [
    *(":", "a:b", "sha256:", f"sha256:{'0' * 63}", f"sha256:{'0' * 65}", f"sha256:{'A' * 64}", f"sha256:{'g' * 64}"),
    *(f"sha512:{'0' * 64}", f"SHA256:{'0' * 64}", f"md5:{'0' * 32}", f"sha256%3A{'0' * 63}", f"sha256:{'0' * 64}%20"),
    *(f"sha256+b64:{'0' * 64}", f"sha384:{'0' * 96}", f":{'0' * 64}", f"sha256::{'0' * 63}", f"sha256:{'0' * 62}%00"),
]


def shortened(value: object) -> str:
    """A test's name that fits a line."""
    text = str(value)
    return text if len(text) < 30 else f"{text[:12]}..{text[-5:]}x{len(text)}"


@pytest.mark.parametrize("name", GOOD_NAMES, ids=shortened)
def test_a_name_that_may_be_is_taken(client: httpx2.Client, name: str) -> None:
    """Pushed, listed and deleted."""
    repository = Repository(client, name)
    repository.push(index(), "v1")

    assert name in catalog(client)
    assert repository.tags() == ["v1"]
    assert client.delete(repository.path).status_code == 202


@pytest.mark.parametrize("name", BAD_NAMES, ids=shortened)
def test_a_name_that_may_not_be_is_refused(connect: Connect, name: str) -> None:
    """On every route 400 NAME_INVALID, or 404 where the path means nothing at all; never anything else."""
    digest = f"sha256:{'0' * 64}"
    with connect() as connection:
        for method, rest in (
            ("GET", "tags/list"),
            ("GET", "manifests/v1"),
            ("PUT", "manifests/v1"),
            ("DELETE", "manifests/v1"),
            ("HEAD", f"blobs/{digest}"),
            ("GET", f"referrers/{digest}"),
            ("POST", "blobs/uploads/"),
            ("PATCH", "blobs/uploads/x"),
        ):
            answer = connection.ask(method, f"/v2/{name}/{rest}", body=b"" if method in {"PUT", "POST"} else None)
            if method == "HEAD":
                assert answer.status == 400
            else:
                assert_refused(answer, 400, "NAME_INVALID")


@pytest.mark.parametrize("tag", GOOD_TAGS, ids=shortened)
def test_a_tag_that_may_be_is_taken(repository: Repository, tag: str) -> None:
    """Pushed, pulled, listed and deleted."""
    assert repository.put(index(), tag).status_code == 201

    assert repository.client.get(f"{repository.path}/manifests/{tag}").content == written(index())
    assert repository.tags() == [tag]
    assert repository.client.delete(f"{repository.path}/manifests/{tag}").status_code == 202


@pytest.mark.parametrize("tag", BAD_TAGS, ids=shortened)
def test_a_tag_that_may_not_be_is_refused(connect: Connect, repository: Repository, tag: str) -> None:
    """By every method; what cannot even be a path is told as that."""
    repository.push(index(), "v1")
    fields = f"Content-Type: {OCI_INDEX}"
    with connect() as connection:
        for method in ("GET", "PUT", "DELETE"):
            body = written(index()) if method == "PUT" else None
            answer = connection.ask(method, f"{repository.path}/manifests/{tag}", fields, body=body)
            assert answer.status == 400, answer
            assert refusal(answer).code in {"TAG_INVALID", "NAME_INVALID"}
    assert repository.tags() == ["v1"]


@pytest.mark.parametrize("digest", BAD_DIGESTS, ids=shortened)
def test_a_digest_that_may_not_be_is_refused(connect: Connect, repository: Repository, digest: str) -> None:
    """Wherever one stands in a path."""
    with connect() as connection:
        for method, part in (("GET", "manifests"), ("DELETE", "blobs"), ("GET", "blobs"), ("GET", "referrers")):
            answer = connection.ask(method, f"{repository.path}/{part}/{digest}")
            assert answer.status == 400, answer
            assert refusal(answer).code in {"DIGEST_INVALID", "NAME_INVALID"}


@pytest.mark.parametrize("query", ["last=%00", "last=a%00b", "artifactType=%00", "from=%00&mount=x", "%00=1", "n=%00"])
@pytest.mark.parametrize("path", ["/v2/_catalog", "/v2/a/tags/list", f"/v2/a/referrers/sha256:{'0' * 64}"])
def test_a_query_with_nul_is_refused(client: httpx2.Client, path: str, query: str) -> None:
    """No database takes it for text."""
    assert_refused(client.get(f"{path}?{query}"), 400, "UNSUPPORTED")


@pytest.mark.parametrize("query", ["&".join("x" for _ in range(1001)), "&" * 5000 + "=" * 1001, "tag=v&" * 1001])
def test_a_query_of_a_thousand_fields_is_refused(client: httpx2.Client, query: str) -> None:
    """Before anything is made of it."""
    answer = client.get(f"/v2/_catalog?{query}")

    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert_refused(answer, 400, "UNSUPPORTED")


@pytest.mark.parametrize(
    "query", [b"n=\xff", b"last=%ff%fe", b"last=%", b"last=%zz", b"last=%ED%A0%80", b"=", b"&&&", b"?"]
)
def test_a_query_that_is_no_text_fails_nothing(connect: Connect, query: bytes) -> None:
    """It is refused, or read as far as it can be."""
    with connect() as connection:
        answer = connection.ask("GET", b"/v2/_catalog?" + query)

    assert answer.status in {200, 400}


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://elsewhere.test/v2/", 200),
        ("/v2/?x=1#fragment", 200),
        ("*", 404),
        ("/", 200),
        ("//v2/", 404),
        ("/v2/../v2/", 404),
        ("/../../../../etc/passwd", 404),
        ("/v2/..%2f..%2f..%2fetc%2fpasswd", 404),
        ("/v2/%2e%2e/%2e%2e/manifests/etc", 400),
        ("/v2/a/blobs/..%2f..%2fjettison.db", 404),
        ("/v2/a/blobs/uploads/..%2f..%2fjettison.db", 404),
        ("/v2/a/blobs/uploads/%2e%2e", 404),
        ("/%00", 400),
        ("/%", 400),
    ],
)
def test_odd_targets_lead_nowhere(connect: Connect, target: str, status: int) -> None:
    """No path is resolved, no file is reached."""
    with connect() as connection:
        answer = connection.ask("GET", target)

    assert answer.status == status, answer


def test_two_lengths_are_no_way_to_smuggle(connect: Connect, repository: Repository) -> None:
    """A chunked body with a Content-Length is taken as chunked, and the connection ends with it (RFC 9112, 6.1)."""
    body = chunked(written(index()))
    target = f"{repository.path}/manifests/v1"
    fields = (f"Content-Type: {OCI_INDEX}", "Content-Length: 5", "Transfer-Encoding: chunked")
    with connect() as connection:
        connection.send(head("PUT", target, *fields) + body)

        assert connection.answer("PUT").status == 201
        assert connection.ended(), "what came is not looked at as another request"


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Length: 3", "Content-Length: 4"),
        ("Content-Length: -1",),
        ("Content-Length: abc",),
        ("Content-Length: +3",),
        (f"Content-Length: {'9' * 30}",),
        (f"Content-Length: {'9' * 5000}",),
        ("Transfer-Encoding: gzip",),
        ("Transfer-Encoding: chunked, chunked",),
    ],
)
def test_a_length_that_makes_no_sense_is_refused(
    connect: Connect, repository: Repository, fields: tuple[str, ...]
) -> None:
    """The connection ends; nothing is stored, and nothing fails."""
    with connect() as connection:
        connection.send(head("PUT", f"{repository.path}/manifests/v1", *fields) + b"{}\r\nx")

        assert connection.answer("PUT").status == 400
        assert connection.ended()
    assert repository.tags() == []
