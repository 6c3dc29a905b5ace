from __future__ import annotations

import re

import httpx2
import pytest

from tests.http.refusal import assert_refused
from tests.http.repository import Repository, digest_of

CONTENT = b"0123456789"
DIGEST = digest_of(CONTENT)


def put(repository: Repository, location: str, digest: str = DIGEST, content: bytes = b"") -> httpx2.Response:
    """End an upload."""
    return repository.client.put(location, params={"digest": digest}, content=content)


def patch(repository: Repository, location: str, content: bytes, start: int | None = None) -> httpx2.Response:
    """Append to an upload, saying where it goes or not."""
    headers = {} if start is None else {"Content-Range": f"{start}-{start + len(content) - 1}"}
    return repository.client.patch(location, content=content, headers=headers)


def assert_stored(repository: Repository, answer: httpx2.Response, content: bytes, digest: str) -> None:
    """Assert that the answer says where the blob is, and that it is there."""
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{repository.path}/blobs/{digest}"
    assert answer.headers["docker-content-digest"] == digest
    assert repository.client.get(answer.headers["location"]).content == content


def received(repository: Repository, location: str) -> str:
    """The Range that the status of an upload tells."""
    answer = repository.client.get(location)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["location"] == location
    return str(answer.headers["range"])


# ------------------------------------------------------------------------------------------------- the ways to push


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("content", [b"", CONTENT, b"x" * 1_500_000], ids=["empty", "small", "large"])
def test_a_blob_in_one_request(repository: Repository, content: bytes, algorithm: str) -> None:
    """POST with the digest and the bytes."""
    digest = digest_of(content, algorithm)

    answer = repository.client.post(f"{repository.path}/blobs/uploads/", params={"digest": digest}, content=content)

    assert_stored(repository, answer, content, digest)


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_upload_is_begun(repository: Repository, slash: str) -> None:
    """POST answers 202 with a session of nothing yet, with or without the slash at the end."""
    answer = repository.client.post(f"{repository.path}/blobs/uploads{slash}")

    assert answer.status_code == 202
    assert re.fullmatch(re.escape(repository.path) + "/blobs/uploads/[0-9a-f-]{36}", answer.headers["location"])
    assert answer.headers["range"] == "0-0"
    assert answer.headers["location"].endswith(f"/{answer.headers['docker-upload-uuid']}")


@pytest.mark.parametrize("content", [b"", CONTENT, b"x" * 1_500_000], ids=["empty", "small", "large"])
def test_a_blob_in_two_requests(repository: Repository, content: bytes) -> None:
    """POST, then PUT with the digest and all the bytes."""
    digest = digest_of(content)

    assert_stored(repository, put(repository, repository.begin_upload(), digest, content), content, digest)


def test_a_post_that_announces_a_digest_begins_an_upload(repository: Repository) -> None:
    """A digest without bytes is not taken for an empty blob."""
    location = repository.begin_upload(digest=DIGEST)

    assert_stored(repository, put(repository, location, content=CONTENT), CONTENT, DIGEST)


@pytest.mark.parametrize("last", [b"", b"789"], ids=["PUT without bytes", "PUT with the last"])
@pytest.mark.parametrize("told", [True, False], ids=["Content-Range", "no Content-Range"])
def test_a_blob_in_chunks(repository: Repository, last: bytes, told: bool) -> None:
    """POST, PATCH for each chunk, PUT; each answer says how many bytes there are now."""
    location, done = repository.begin_upload(), 0
    for piece in (b"01234", b"56", CONTENT[7 : 10 - len(last)]):
        if piece:
            answer = patch(repository, location, piece, done if told else None)
            done += len(piece)
            assert (answer.status_code, answer.headers["range"]) == (202, f"0-{done - 1}")
            location = answer.headers["location"]
            assert received(repository, location) == f"0-{done - 1}"

    assert_stored(repository, put(repository, location, content=last), CONTENT, DIGEST)


def test_a_last_chunk_may_say_where_it_goes(repository: Repository) -> None:
    """A PUT with a Content-Range is held to it."""
    location = repository.begin_upload()
    patch(repository, location, CONTENT[:4], 0)
    url = f"{location}?digest={DIGEST}"

    wrong = repository.client.put(url, content=CONTENT[4:], headers={"Content-Range": "5-10"})
    assert_refused(wrong, 416, "RANGE_INVALID")
    assert wrong.headers["range"] == "0-3"

    right = repository.client.put(url, content=CONTENT[4:], headers={"Content-Range": "4-9"})
    assert_stored(repository, right, CONTENT, DIGEST)


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_blob_streamed_without_a_length(repository: Repository, method: str, size: int) -> None:
    """Chunked transfer, in whichever request brings the bytes."""
    content = bytes(index % 251 for index in range(1000)) * (size // 1000) or b"s" * size
    digest = digest_of(content)
    pieces = iter([content[start : start + 70_000] for start in range(0, size, 70_000)])
    client, location = repository.client, repository.begin_upload()

    if method == "POST":
        answer = client.post(f"{repository.path}/blobs/uploads/", params={"digest": digest}, content=pieces)
    elif method == "PUT":
        answer = client.put(location, params={"digest": digest}, content=pieces)
    else:
        assert client.patch(location, content=pieces).status_code == 202
        answer = put(repository, location, digest)

    assert_stored(repository, answer, content, digest)


def test_an_upload_for_sha512_is_announced(repository: Repository) -> None:
    """`digest-algorithm` at the start, chunks, and a digest of that algorithm at the end."""
    location = repository.begin_upload(**{"digest-algorithm": "sha512"})
    patch(repository, location, CONTENT[:5])
    patch(repository, location, CONTENT[5:])
    digest = digest_of(CONTENT, "sha512")

    assert_stored(repository, put(repository, location, digest), CONTENT, digest)


def test_an_upload_may_end_with_another_algorithm_than_announced(repository: Repository) -> None:
    """The digest at the end counts: the bytes are read again and hashed by it."""
    location = repository.begin_upload()
    patch(repository, location, CONTENT)
    digest = digest_of(CONTENT, "sha512")

    assert_stored(repository, put(repository, location, digest), CONTENT, digest)


def test_an_algorithm_nobody_knows_is_refused(repository: Repository) -> None:
    """Before any byte is sent."""
    answer = repository.client.post(f"{repository.path}/blobs/uploads/", params={"digest-algorithm": "md5"})

    assert "sha512" in assert_refused(answer, 400, "DIGEST_INVALID").message


def test_a_blob_that_is_there_may_be_pushed_again(repository: Repository) -> None:
    """By any way; it stays readable, and the session is over."""
    repository.push_blob(CONTENT)
    repository.push_blob(CONTENT)
    location = repository.begin_upload()
    patch(repository, location, CONTENT)

    assert_stored(repository, put(repository, location), CONTENT, DIGEST)
    assert repository.client.get(location).status_code == 404


# ------------------------------------------------------------------------------------------------------------- sessions


def test_a_cancelled_upload_is_gone(repository: Repository) -> None:
    """204, which names it, and every request for it answers 404 from then on."""
    location = repository.begin_upload()
    patch(repository, location, CONTENT)

    answer = repository.client.delete(location)
    assert (answer.status_code, answer.headers["docker-upload-uuid"]) == (204, location.rpartition("/")[2])

    for method in ("GET", "PATCH", "PUT", "DELETE"):
        answer = repository.client.request(method, location, params={"digest": DIGEST} if method == "PUT" else {})
        assert_refused(answer, 404, "BLOB_UPLOAD_UNKNOWN")
    assert not repository.has_blob(DIGEST)


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_upload_is_unknown_to_other_repositories(repository: Repository, method: str) -> None:
    """It can neither be seen, fed, ended nor cancelled from there, and goes on as if nothing had been."""
    location = repository.begin_upload()
    patch(repository, location, CONTENT)
    elsewhere = location.replace(repository.name, f"{repository.name}/other")

    query = {"digest": DIGEST} if method == "PUT" else {}
    assert_refused(repository.client.request(method, elsewhere, params=query), 404, "BLOB_UPLOAD_UNKNOWN")

    assert received(repository, location) == "0-9"
    assert_stored(repository, put(repository, location), CONTENT, DIGEST)


def test_a_finished_upload_is_over(repository: Repository) -> None:
    """Ending it twice is an error that says how to begin anew."""
    location = repository.begin_upload()
    put(repository, location, content=CONTENT)

    error = assert_refused(put(repository, location, content=CONTENT), 404, "BLOB_UPLOAD_UNKNOWN")

    assert f"POST {repository.path}/blobs/uploads/" in error.message


# ------------------------------------------------------------------------------------------------------- out of order


@pytest.mark.parametrize("start", [0, 4, 6, 10**17])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_chunk_in_the_wrong_place_is_refused(repository: Repository, method: str, start: int) -> None:
    """416, with the Range that there is and the Location to go on at; nothing of it is kept."""
    location = repository.begin_upload()
    patch(repository, location, b"01234", 0)

    answer = repository.client.request(
        method,
        location,
        params={"digest": DIGEST} if method == "PUT" else {},
        headers={"Content-Range": f"{start}-{start + 4}"},
        content=b"wrong",
    )

    assert_refused(answer, 416, "RANGE_INVALID")
    assert answer.headers["range"] == "0-4"
    assert answer.headers["location"] == location
    assert patch(repository, location, b"56789", 5).status_code == 202
    assert_stored(repository, put(repository, location), CONTENT, DIGEST)


@pytest.mark.parametrize(
    "told", ["", "x", "5-", "-5", "9-5", "bytes 9-5/*", "0-4,5-9", "5-9/3", f"5-{'9' * 400}", "\u0663-\u0664"]
)
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_content_range_that_cannot_be_read_is_refused(repository: Repository, method: str, told: str) -> None:
    """416 too, with the right Range."""
    location = repository.begin_upload()
    patch(repository, location, b"01234")
    headers = [(b"Content-Range", told.encode())]

    query = {"digest": DIGEST} if method == "PUT" else {}
    answer = repository.client.request(method, location, params=query, headers=headers, content=b"56789")

    assert_refused(answer, 416, "RANGE_INVALID")
    assert (answer.headers["range"], answer.headers["location"]) == ("0-4", location)


def test_a_content_range_in_the_manner_of_http_is_read(repository: Repository) -> None:
    """`bytes 0-4/*` is as good as `0-4`."""
    location = repository.begin_upload()

    answer = repository.client.patch(location, content=b"01234", headers={"Content-Range": "bytes 0-4/*"})

    assert (answer.status_code, answer.headers["range"]) == (202, "0-4")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("told", ["0-3", "0-99"])
def test_a_content_range_unlike_the_body_is_refused(repository: Repository, told: str, streamed: bool) -> None:
    """Whichever is wrong, nothing is kept, and the session can go on."""
    location = repository.begin_upload()
    content = iter([CONTENT]) if streamed else CONTENT

    answer = repository.client.patch(location, content=content, headers={"Content-Range": told})

    assert_refused(answer, 400, "SIZE_INVALID")
    assert received(repository, location) == "0-0"
    patch(repository, location, CONTENT, 0)
    assert_stored(repository, put(repository, location), CONTENT, DIGEST)


# ------------------------------------------------------------------------------------------------------------ digests


@pytest.mark.parametrize("way", ["POST", "PUT", "PATCH"])
def test_content_of_another_digest_is_not_stored(repository: Repository, way: str) -> None:
    """400 with the digest that came; neither name leads to it, and the session is over."""
    wrong, location = digest_of(b"other"), repository.begin_upload()
    if way == "POST":
        answer = repository.client.post(f"{repository.path}/blobs/uploads/?digest={wrong}", content=CONTENT)
    elif way == "PUT":
        answer = put(repository, location, wrong, CONTENT)
    else:
        patch(repository, location, CONTENT)
        answer = put(repository, location, wrong)

    assert DIGEST in assert_refused(answer, 400, "DIGEST_INVALID").message
    assert not repository.has_blob(DIGEST)
    assert not repository.has_blob(wrong)


@pytest.mark.parametrize("digest", ["", "sha256:", "sha256:abc", f"md5:{'0' * 32}", f"sha256:{'A' * 64}", DIGEST + "0"])
def test_a_digest_that_is_none_is_refused(repository: Repository, digest: str) -> None:
    """In each request that has one."""
    uploads, location = f"{repository.path}/blobs/uploads/", repository.begin_upload()

    assert_refused(repository.client.post(uploads, params={"digest": digest}, content=b"x"), 400, "DIGEST_INVALID")
    assert_refused(repository.client.post(uploads, params={"mount": digest}), 400, "DIGEST_INVALID")
    assert_refused(put(repository, location, digest), 400, "DIGEST_INVALID")
    assert received(repository, location) == "0-0"


def test_an_upload_cannot_end_without_a_digest(repository: Repository) -> None:
    """The message says where it goes."""
    error = assert_refused(repository.client.put(repository.begin_upload(), content=CONTENT), 400, "DIGEST_INVALID")

    assert "?digest=" in error.message


# -------------------------------------------------------------------------------------------------------------- mounts


def mount(repository: Repository, **parameters: str) -> httpx2.Response:
    """Ask for a mount into a repository beside this one."""
    return repository.client.post(f"/v2/{repository.name}/target/blobs/uploads/", params=parameters)


def test_a_blob_is_mounted_from_another_repository(repository: Repository) -> None:
    """201, and it is there without its bytes having travelled."""
    digest = repository.push_blob(CONTENT)

    answer = mount(repository, mount=digest, **{"from": repository.name})

    assert_stored(Repository(repository.client, f"{repository.name}/target"), answer, CONTENT, digest)


def test_a_blob_is_mounted_from_wherever_it_is(repository: Repository) -> None:
    """Without a source, any repository will do."""
    digest = repository.push_blob(b"mounted from anywhere")

    assert mount(repository, mount=digest).status_code == 201


@pytest.mark.parametrize("source", ["somewhere/unknown", ""])
def test_what_cannot_be_mounted_is_uploaded(repository: Repository, source: str) -> None:
    """202 with a session, as if no mount had been asked for."""
    answer = mount(repository, mount=digest_of(b"nobody has this"), **{"from": source})

    assert answer.status_code == 202
    assert answer.headers["location"].startswith(f"/v2/{repository.name}/target/blobs/uploads/")


def test_a_mount_names_a_repository(repository: Repository) -> None:
    """A source that cannot be a name is an error, not a session."""
    answer = mount(repository, mount=repository.push_blob(CONTENT), **{"from": "../Other"})

    assert_refused(answer, 400, "NAME_INVALID")


def test_what_cannot_be_mounted_may_come_in_the_same_request(repository: Repository) -> None:
    """A mount with a digest and the bytes falls back to a push in one request."""
    content = b"mount or take these"
    digest = digest_of(content)

    answer = repository.client.post(
        f"{repository.path}/blobs/uploads/", params={"mount": digest, "digest": digest}, content=content
    )

    assert_stored(repository, answer, content, digest)
