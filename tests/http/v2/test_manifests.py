from __future__ import annotations

import json
import time
from typing import Any

import pytest

from jettison.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_INDEX,
    DOCKER_LAYER_GZIP,
    OCI_CONFIG,
    OCI_IMAGE,
    OCI_INDEX,
)
from tests.http.conftest import Connect
from tests.http.raw import head
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, descriptor, digest_of, image, index, written

LIMIT = 4 * 1024 * 1024
MISSING = descriptor(b"never pushed")


# ------------------------------------------------------------------------------------------------------------- pulling


def test_a_manifest_comes_back_as_it_was_pushed(repository: Repository) -> None:
    """Byte for byte, however oddly it was written, with its digest, length, ETag and media type."""
    body = b' {"mediaType":"%s",\n\t"manifests" : [ ], "unknown": 1.50, "schemaVersion":2 }\r\n' % OCI_INDEX.encode()
    digest = repository.push(body, "odd")

    for reference in ("odd", digest):
        answer = repository.client.get(f"{repository.path}/manifests/{reference}")
        assert answer.content == body
        assert answer.headers["content-type"] == OCI_INDEX
        assert answer.headers["docker-content-digest"] == digest
        assert answer.headers["etag"] == f'"{digest}"'
        assert answer.headers["content-length"] == str(len(body))


@pytest.mark.parametrize(
    "accept",
    [DOCKER_IMAGE, "text/html", "application/vnd.docker.distribution.manifest.v1+json", "*/*;q=0", "not a type", ""],
)
def test_accept_changes_nothing(repository: Repository, accept: str) -> None:
    """A manifest is never converted and never refused: it is what its digest says."""
    digest = repository.push(index(), "v1")

    answer = repository.client.get(f"{repository.path}/manifests/v1", headers={"Accept": accept})

    assert answer.status_code == 200
    assert (answer.headers["content-type"], digest_of(answer.content)) == (OCI_INDEX, digest)


def test_docker_manifests_keep_their_media_types(repository: Repository) -> None:
    """Schema 2 images and manifest lists are stored and served byte for byte as what they are."""
    config, layer = b"docker config", b"docker layer"
    repository.push_blob(config)
    repository.push_blob(layer)
    body = {
        "schemaVersion": 2,
        "mediaType": DOCKER_IMAGE,
        "config": descriptor(config, DOCKER_CONFIG),
        "layers": [descriptor(layer, DOCKER_LAYER_GZIP)],
    }
    repository.push(body, "image", media_type=DOCKER_IMAGE)
    child = descriptor(written(body), DOCKER_IMAGE, platform={"architecture": "arm64", "os": "linux"})
    listing = {"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": [child]}
    repository.push(listing, "list", media_type=DOCKER_INDEX)

    for tag, sent, media_type in (("image", body, DOCKER_IMAGE), ("list", listing, DOCKER_INDEX)):
        answer = repository.client.get(f"{repository.path}/manifests/{tag}")
        assert (answer.content, answer.headers["content-type"]) == (written(sent), media_type)


@pytest.mark.parametrize("header", ['"{}"', "{}", 'W/"{}"', '"other", "{}"', "*"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_manifest_that_the_client_has_is_not_sent_again(repository: Repository, method: str, header: str) -> None:
    """If-None-Match with its digest answers 304, without a body and without its type."""
    digest = repository.push(index(), "v1")
    condition = {"If-None-Match": header.format(digest)}

    answer = repository.client.request(method, f"{repository.path}/manifests/v1", headers=condition)

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["docker-content-digest"] == digest
    assert "content-type" not in answer.headers


def test_a_manifest_that_the_client_has_another_version_of_is_sent(repository: Repository) -> None:
    """If-None-Match with another digest answers the manifest."""
    repository.push(index(), "v1")

    headers = {"If-None-Match": f'"{digest_of(b"other")}"'}
    answer = repository.client.get(f"{repository.path}/manifests/v1", headers=headers)

    assert answer.status_code == 200


# ------------------------------------------------------------------------------------------------------------- pushing


def test_a_push_says_what_it_stored(repository: Repository) -> None:
    """201 with the digest, and a relative Location that leads to the manifest; no subject, no tag not asked for."""
    answer = repository.put(index(), "v1")

    digest = digest_of(written(index()))
    assert answer.status_code == 201
    assert answer.headers["docker-content-digest"] == digest
    assert answer.headers["location"] == f"{repository.path}/manifests/{digest}"
    assert not answer.headers.keys() & {"oci-subject", "oci-tag"}
    assert repository.client.get(answer.headers["location"]).content == written(index())


def test_a_tag_moves_and_what_it_named_stays(repository: Repository) -> None:
    """Pushing a tag again points it at the new manifest; the old one is there by its digest."""
    first, second = index(annotations={"n": "1"}), index(annotations={"n": "2"})
    repository.put(first, "latest")
    repository.put(second, "latest")

    assert repository.client.get(f"{repository.path}/manifests/latest").content == written(second)
    assert repository.has(digest_of(written(first)))
    assert repository.tags() == ["latest"]


@pytest.mark.parametrize("parameters", ["; charset=utf-8", ";charset=UTF-8;x=y", " ; q=1"])
def test_parameters_of_the_content_type_are_passed_over(repository: Repository, parameters: str) -> None:
    """The media type is what stands before the first semicolon."""
    repository.put(index(), "v1", f"{OCI_INDEX}{parameters}")

    assert repository.client.get(f"{repository.path}/manifests/v1").headers["content-type"] == OCI_INDEX


def test_without_a_content_type_the_body_says_what_it_is(repository: Repository) -> None:
    """The mediaType in the body counts."""
    answer = repository.client.put(f"{repository.path}/manifests/v1", content=written(index()))

    assert answer.status_code == 201
    assert repository.client.get(f"{repository.path}/manifests/v1").headers["content-type"] == OCI_INDEX


def test_a_manifest_without_any_type_is_refused(repository: Repository) -> None:
    """Neither header nor body say what it is."""
    answer = repository.client.put(f"{repository.path}/manifests/v1", content=b'{"schemaVersion":2,"manifests":[]}')

    assert_refused(answer, 400, "MANIFEST_INVALID")


def test_a_manifest_may_be_named_by_sha512(repository: Repository) -> None:
    """A push by a digest of sha512 is served by that digest."""
    body = written(index(annotations={"hash": "long"}))
    digest = digest_of(body, "sha512")

    answer = repository.put(body, digest)

    assert answer.status_code == 201, answer.text
    assert answer.headers["docker-content-digest"] == digest
    assert repository.client.get(f"{repository.path}/manifests/{digest}").content == body


def test_the_subject_that_was_understood_is_told(repository: Repository) -> None:
    """OCI-Subject has its digest, whether the subject is there or not."""
    answer = repository.put(index(subject=MISSING), "signature")

    assert answer.status_code == 201
    assert answer.headers["oci-subject"] == MISSING["digest"]


# ------------------------------------------------------------------------------------------------------ tag parameters


def test_a_push_by_digest_may_bring_tags(repository: Repository) -> None:
    """Every tag parameter becomes a tag and is told back in an OCI-Tag of its own, repeated ones once."""
    digest = digest_of(written(index()))

    answer = repository.put(index(), digest, also=["v1", "v1.2", "v1"])

    assert answer.status_code == 201
    assert answer.headers.get_list("oci-tag") == ["v1", "v1.2"]
    assert repository.tags() == ["v1", "v1.2"]


def test_too_many_tags_at_once_are_refused(repository: Repository, configured_repository: Repository) -> None:
    """A hundred are taken, one more is refused and nothing stored; `jettison.limits.tags` moves the limit."""
    tags = [f"t{number}" for number in range(101)]
    digest = digest_of(written(index()))

    error = assert_refused(repository.put(index(), digest, also=tags), 400, "TAG_INVALID")
    assert "at most 100" in error.message
    assert not repository.has(digest)
    assert len(repository.put(index(), digest, also=tags[:100]).headers.get_list("oci-tag")) == 100

    assert configured_repository.put(index(), digest, also=tags[:3]).status_code == 201
    assert_refused(configured_repository.put(index(), digest, also=tags[:4]), 400, "TAG_INVALID")


@pytest.mark.parametrize("tag", ["", "-v1", ".hidden", "a/b", "a:b", "x" * 129, "é", "v 1"])
def test_a_tag_parameter_must_be_a_tag(repository: Repository, tag: str) -> None:
    """One that is not refuses the whole push."""
    digest = digest_of(written(index()))

    assert_refused(repository.put(index(), digest, also=["good", tag]), 400, "TAG_INVALID")

    assert not repository.has(digest)


def test_tag_parameters_go_with_digests_only(repository: Repository) -> None:
    """A push by tag that brings tag parameters is refused, not half understood."""
    assert_refused(repository.put(index(), "v1", also=["v2"]), 400, "TAG_INVALID")

    assert repository.tags() == []


# ---------------------------------------------------------------------------------------------------------- refusals


SCHEMA1: dict[str, Any] = {"schemaVersion": 1, "name": "old", "tag": "latest", "fsLayers": [], "history": []}


@pytest.mark.parametrize("media_type", [OCI_IMAGE, OCI_INDEX])
def test_a_body_that_is_both_index_and_image_is_refused(repository: Repository, media_type: str) -> None:
    """It would be one thing to one client and another to the next."""
    body = {**image(b"{}"), "manifests": [MISSING], "mediaType": media_type}

    error = assert_refused(repository.put(body, "v1", media_type), 400, "MANIFEST_INVALID")

    assert "ambiguous" in error.message


def test_a_media_type_unlike_the_content_type_is_refused(repository: Repository) -> None:
    """The message has both."""
    error = assert_refused(repository.put(index(), "v1", OCI_IMAGE), 400, "MANIFEST_INVALID")

    assert OCI_INDEX in error.message
    assert OCI_IMAGE in error.message


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/json",
        OCI_IMAGE,
    ],
)
def test_schema_1_is_refused_in_words(repository: Repository, media_type: str) -> None:
    """However it comes, and with what to do about it where that is known."""
    error = assert_refused(repository.put(written(SCHEMA1), "v1", media_type), 400, "MANIFEST_INVALID")

    if media_type != "application/json":
        assert "schema 1" in error.message


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"text"', b"{", b"\xff\xfe", b"{}{}", b'{"schemaVersion":3}', b'{"schemaVersion":2,'],
)
def test_what_is_no_manifest_is_refused(repository: Repository, body: bytes) -> None:
    """With the place where it goes wrong, and never a server's error."""
    assert_refused(repository.put(body, "v1", OCI_IMAGE), 400, "MANIFEST_INVALID")


@pytest.mark.parametrize("nest", [b'{"a":', b"["])
def test_json_nested_too_deeply_is_refused_at_once(repository: Repository, nest: bytes) -> None:
    """Four million brackets cost no memory of Python's stack, and no time."""
    body = nest * (LIMIT // len(nest))
    started = time.monotonic()

    error = assert_refused(repository.put(body, "v1", OCI_IMAGE), 400, "MANIFEST_INVALID")

    assert len(error.message) < 1000
    assert time.monotonic() - started < 3


def test_a_manifest_must_have_the_digest_it_is_pushed_by(repository: Repository) -> None:
    """The message names the digest it has."""
    wrong = digest_of(b"something else")

    error = assert_refused(repository.put(index(), wrong), 400, "DIGEST_INVALID")

    assert digest_of(written(index())) in error.message
    assert not repository.has(wrong)


# ---------------------------------------------------------------------------------------------------- missing content


def test_an_image_without_its_blobs_is_refused(repository: Repository) -> None:
    """The detail has each missing digest, and none that is there."""
    repository.push_blob(b"{}")
    layers = [b"one", b"two", b"three", b"four"]

    error = assert_refused(repository.put(image(b"{}", *layers), "v1"), 400, "MANIFEST_BLOB_UNKNOWN")

    missing = sorted(digest_of(layer) for layer in layers)
    assert [entry["digest"] for entry in error.detail] == missing
    assert missing[0] in error.message
    assert repository.tags() == []


def test_an_index_without_its_manifests_is_refused(repository: Repository) -> None:
    """The same for the children of an index; an entry may be a manifest or a blob of the repository."""
    repository.push_blob(b"cache")
    child = repository.push(index())
    there = [descriptor(written(index()), OCI_INDEX), descriptor(b"cache")]

    error = assert_refused(repository.put(index(*there, MISSING), "v1"), 400, "MANIFEST_BLOB_UNKNOWN")

    assert [entry["digest"] for entry in error.detail] == [MISSING["digest"]]
    assert repository.put(index(*there), "v1").status_code == 201
    assert repository.has(child)


def test_a_thousand_missing_blobs_make_no_endless_error(repository: Repository) -> None:
    """A hundred are named, the rest counted."""
    body = image(b"{}", *(b"layer %d" % number for number in range(1000)))

    error = assert_refused(repository.put(body, "v1"), 400, "MANIFEST_BLOB_UNKNOWN")

    assert len(error.detail) == 100
    assert "998 more" in error.message


def test_manifests_before_their_content_are_taken_where_that_is_set(configured_repository: Repository) -> None:
    """An image without blobs and an index without manifests are served; what comes later is held by them."""
    body = image(b"{}", b"layer")
    repository = configured_repository
    holder = repository.push(index(descriptor(written(body), OCI_IMAGE)), "index")
    assert not repository.has(digest_of(written(body)))
    repository.push(body, "image")

    assert repository.tags() == ["image", "index"]
    assert not repository.has_blob(digest_of(b"layer"))
    digest = repository.push_blob(b"layer")
    assert repository.has_blob(digest)
    held = repository.client.delete(f"{repository.path}/blobs/{digest}")
    assert digest_of(written(body)) in assert_refused(held, 405, "UNSUPPORTED").message
    repository.client.delete(f"{repository.path}/manifests/image")
    gone = repository.client.delete(f"{repository.path}/manifests/{holder}")
    assert gone.json()["versions"] == 2, "the image had come to be its index's child"


def test_a_layer_that_lies_elsewhere_need_not_be_there(repository: Repository) -> None:
    """Foreign and non-distributable layers are not asked for."""
    repository.push_blob(b"{}")
    foreign = descriptor(
        b"base", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", urls=["https://a.test/b"]
    )

    body = {**image(b"{}"), "layers": [foreign], "config": descriptor(b"{}", OCI_CONFIG)}

    assert repository.put(body, "v1").status_code == 201


def test_a_manifest_that_stops_in_the_middle_is_not_stored(connect: Connect, repository: Repository) -> None:
    """A client that goes away leaves nothing, though what came may be a manifest by itself."""
    body = written(index())
    length = f"Content-Length: {len(body) + 10}"
    with connect() as connection:
        connection.send(head("PUT", f"{repository.path}/manifests/v1", f"Content-Type: {OCI_INDEX}", length) + body)
        connection.end_sending()
        assert connection.ended() or b"201" not in connection.take(100)

    assert repository.tags() == []
    assert json.loads(body)["schemaVersion"] == 2
