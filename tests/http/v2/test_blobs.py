from __future__ import annotations

import pytest

from jettison.oci.media_types import OCI_CONFIG, OCI_INDEX
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, descriptor, digest_of, image, index, written

CONTENT = b"0123456789"


@pytest.fixture
def path(repository: Repository) -> str:
    """The path of a blob of ten bytes."""
    return f"{repository.path}/blobs/{repository.push_blob(CONTENT)}"


# ------------------------------------------------------------------------------------------------------------- pulling


def test_a_blob_is_served_as_mere_bytes(repository: Repository, path: str) -> None:
    """Whatever it holds no browser runs it; it can be kept for ever, since its digest is its name."""
    answer = repository.client.get(path, headers={"Accept": "text/html"})

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["docker-content-digest"] == digest_of(CONTENT)
    assert answer.headers["etag"] == f'"{digest_of(CONTENT)}"'
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == "10"
    assert "max-age" in answer.headers["cache-control"]


@pytest.mark.parametrize("size", [0, 1, 300_000, 1_000_001])
@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_blob_of_any_length_comes_back(repository: Repository, size: int, algorithm: str) -> None:
    """Empty, small, and of several pieces; under the digest it was pushed by."""
    content = b"x" * size
    digest = repository.push_blob(content, algorithm)

    answer = repository.client.get(f"{repository.path}/blobs/{digest}")

    assert answer.content == content
    assert answer.headers["docker-content-digest"] == digest


@pytest.mark.parametrize(
    ("asked", "part", "told"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
        ("bytes=-99", CONTENT, "bytes 0-9/10"),
        ("bytes=0-99999999999999999999", CONTENT, "bytes 0-9/10"),
        ("bytes=9-9", b"9", "bytes 9-9/10"),
    ],
)
def test_a_part_of_a_blob(repository: Repository, path: str, asked: str, part: bytes, told: str) -> None:
    """Closed, open and suffix ranges answer 206 with the part and where it lies."""
    answer = repository.client.get(path, headers={"Range": asked})

    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == told
    assert answer.headers["content-length"] == str(len(part))
    assert answer.headers["docker-content-digest"] == digest_of(CONTENT)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=4-2", "bytes=99999999999999999999-"])
def test_a_part_beyond_the_end_is_refused(repository: Repository, path: str, asked: str) -> None:
    """416, with the length in Content-Range."""
    answer = repository.client.get(path, headers={"Range": asked})

    assert_refused(answer, 416, "RANGE_INVALID")
    assert answer.headers["content-range"] == "bytes */10"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "x" * 5000, "\xff"])
def test_a_range_that_means_nothing_is_passed_over(repository: Repository, path: str, asked: str) -> None:
    """The whole is served, as HTTP has it."""
    answer = repository.client.get(path, headers=[(b"Range", asked.encode("latin-1"))])

    assert (answer.status_code, answer.content) == (200, CONTENT)


def test_a_part_of_an_empty_blob_is_the_whole(repository: Repository) -> None:
    """There is no range it could have."""
    digest = repository.push_blob(b"")

    answer = repository.client.get(f"{repository.path}/blobs/{digest}", headers={"Range": "bytes=0-"})

    assert (answer.status_code, answer.content) == (200, b"")


def test_a_part_of_a_large_blob_begins_where_it_should(repository: Repository) -> None:
    """Across the pieces in which it is read."""
    content = b"".join(b"%07d\n" % number for number in range(100_000))
    digest = repository.push_blob(content)

    answer = repository.client.get(f"{repository.path}/blobs/{digest}", headers={"Range": "bytes=262143-700001"})

    assert answer.content == content[262_143:700_002]


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{digest_of(CONTENT)}"', 206),
        (f'W/"{digest_of(CONTENT)}"', 200),
        (f'"{digest_of(b"other")}"', 200),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 200),
    ],
)
def test_if_range_serves_a_part_of_the_same_blob_only(
    repository: Repository, path: str, condition: str, status: int
) -> None:
    """Of any other version the whole is sent; a weak comparison is none (RFC 9110, 13.1.5)."""
    answer = repository.client.get(path, headers={"Range": "bytes=2-4", "If-Range": condition})

    assert answer.status_code == status
    assert answer.content == (b"234" if status == 206 else CONTENT)


@pytest.mark.parametrize("header", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_blob_that_the_client_has_is_not_sent_again(
    repository: Repository, path: str, method: str, header: str
) -> None:
    """If-None-Match with its digest answers 304 before any range is looked at, without a body and without its type."""
    headers = {"If-None-Match": header.format(digest_of(CONTENT)), "Range": "bytes=50-"}

    answer = repository.client.request(method, path, headers=headers)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{digest_of(CONTENT)}"'
    assert "content-type" not in answer.headers


def test_a_blob_is_in_no_repository_but_its_own(repository: Repository) -> None:
    """Another repository answers 404 until it is mounted or pushed there."""
    digest = repository.push_blob(b"mine alone")

    answer = repository.client.get(f"/v2/{repository.name}-other/blobs/{digest}")

    assert_refused(answer, 404, "BLOB_UNKNOWN")


# ------------------------------------------------------------------------------------------------------------ deletion


def test_a_blob_that_nothing_needs_goes(repository: Repository, path: str) -> None:
    """202, and it is gone for readers at once."""
    answer = repository.client.delete(path)

    assert answer.status_code == 202
    assert answer.json()["kind"] == "blob"
    assert_refused(repository.client.get(path), 404, "BLOB_UNKNOWN")
    assert_refused(repository.client.delete(path), 404, "BLOB_UNKNOWN")


def test_a_blob_that_a_manifest_needs_stays(repository: Repository) -> None:
    """405, naming the manifest; with the manifest the blob is gone for readers."""
    manifest = repository.push_image("needed", "v1")
    path = f"{repository.path}/blobs/{digest_of(b'needed')}"

    answer = repository.client.delete(path)

    error = assert_refused(answer, 405, "UNSUPPORTED")
    assert manifest in error.message
    assert error.detail == {"manifests": [manifest]}
    assert repository.client.get(path).content == b"needed"
    assert repository.client.delete(f"{repository.path}/manifests/{manifest}").status_code == 202
    assert repository.client.get(path).status_code == 404


def test_a_blob_that_an_index_needs_stays(repository: Repository) -> None:
    """An entry of an index may be a blob, and is held like a layer."""
    digest = repository.push_blob(b"a build cache")
    holder = repository.push(index(descriptor(b"a build cache")), "cache")

    error = assert_refused(repository.client.delete(f"{repository.path}/blobs/{digest}"), 405, "UNSUPPORTED")

    assert holder in error.message


def test_a_blob_needed_elsewhere_goes_here(repository: Repository) -> None:
    """What another repository needs is that one's own."""
    other = Repository(repository.client, f"{repository.name}/other")
    other.push_image("shared by two", "v1")
    digest = repository.push_blob(b"shared by two")

    assert repository.client.delete(f"{repository.path}/blobs/{digest}").status_code == 202

    assert not repository.has_blob(digest)
    assert other.has_blob(digest)


def test_a_deleted_blob_can_be_pushed_again(repository: Repository, path: str) -> None:
    """It is as if it had never been away."""
    repository.client.delete(path)

    repository.push_blob(CONTENT)

    assert repository.client.get(path).content == CONTENT


def test_a_manifest_is_no_blob(repository: Repository) -> None:
    """Its digest under /blobs/ is not known, and deletes nothing."""
    repository.push_blob(b"{}")
    digest = repository.push({**image(b"{}"), "config": descriptor(b"{}", OCI_CONFIG)}, "v1")

    assert_refused(repository.client.delete(f"{repository.path}/blobs/{digest}"), 404, "BLOB_UNKNOWN")

    assert repository.has("v1")


def test_a_blob_is_no_manifest(repository: Repository) -> None:
    """What was pushed as a blob is not served as a manifest, whatever it holds."""
    digest = repository.push_blob(written(index(annotations={"pushed": "as a blob"})))

    answer = repository.client.get(f"{repository.path}/manifests/{digest}", headers={"Accept": OCI_INDEX})

    assert_refused(answer, 404, "MANIFEST_UNKNOWN")
