from __future__ import annotations

import json
from typing import Any

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import ManifestInvalid
from jettison.oci.lenient import LARGEST, read_served, read_stored
from jettison.oci.manifest import Manifest
from jettison.oci.media_types import (
    DOCKER_IMAGE,
    DOCKER_INDEX,
    OCI_ARTIFACT,
    OCI_CONFIG,
    OCI_IMAGE,
    OCI_INDEX,
    OCI_LAYER,
)
from tests.support.content import FOREIGN_LAYER, artifact, descriptor, image, index, referrer

CONFIG = descriptor(b"{}", OCI_CONFIG)
LAYER = descriptor(b"layer", OCI_LAYER)


def body(**fields: Any) -> bytes:
    """An image's bytes, with these fields besides its own."""
    return json.dumps({"schemaVersion": 2, "config": CONFIG, "layers": [LAYER], **fields}).encode()


@pytest.mark.parametrize("draft", [image(b"layer"), index(image(b"layer")), referrer(image(b"layer")), artifact(b"x")])
def test_what_can_be_pushed_is_read_the_same(draft: Any) -> None:
    """A manifest as the specifications want it is what `Manifest.parse` makes of it."""
    assert read_served(draft.content) == Manifest.parse(draft.content, None)
    assert read_stored(draft.content, draft.media_type) == Manifest.parse(draft.content, draft.media_type)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (body(), OCI_IMAGE),
        (body(mediaType=""), OCI_IMAGE),
        (body(mediaType=DOCKER_IMAGE), DOCKER_IMAGE),
        (b'{"schemaVersion": 2, "manifests": []}', OCI_INDEX),
        (body(manifests=[]), OCI_INDEX),
        (body(manifests=None), OCI_IMAGE),
        (b'{"schemaVersion": 2}', OCI_IMAGE),
        (b'{"schemaVersion": 2, "mediaType": "%s", "manifests": []}' % DOCKER_INDEX.encode(), DOCKER_INDEX),
        (artifact(b"x").content, OCI_ARTIFACT),
    ],
)
def test_the_media_type_is_the_bodys_own_or_what_it_looks_like(content: bytes, media_type: str) -> None:
    """Without one, what lists manifests is an OCI index and anything else an OCI image."""
    assert read_served(content).media_type == media_type


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"no", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"[" * 100_000, "it nests deeper"),
        (b"{}", "of no schema version"),
        (body(schemaVersion="2"), "of no schema version"),
        (body(schemaVersion=1), "a schema 1 manifest"),
        (body(mediaType="application/json"), "media type 'application/json'"),
        (body(layers={}), "its layers are not a list"),
        (body(layers=["x"]), "its layers is not an object"),
        (body(layers=[{"digest": 1}]), "has a digest or a size"),
        (body(layers=[{"digest": LAYER["digest"], "size": "5"}]), "has a digest or a size"),
        (body(config=[]), "its config is not an object"),
        (body(annotations={"x": "x" * LARGEST}), "distribution reads at most"),
    ],
)
def test_what_distribution_would_not_serve_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    """The message completes the sentence that begins with the manifest."""
    with pytest.raises(ManifestInvalid, match=reason):
        read_served(content)


def test_names_are_read_in_any_case_and_the_last_one_counts() -> None:
    """As programs written in Go read them: what distribution has checked at the push is what is held."""
    other = descriptor(b"other", OCI_LAYER)
    content = json.dumps({"schemaVersion": 2, "Config": CONFIG, "layers": [LAYER]}).encode()
    twice = content[:-1] + b', "LAYERS": ' + json.dumps([other]).encode() + b"}"

    manifest = read_served(twice)

    assert [str(each.digest) for each in manifest.blobs] == [CONFIG["digest"], other["digest"]]
    assert manifest.content == twice
    assert manifest.digest == Digest.of(twice)


def test_descriptors_need_no_more_than_a_digest() -> None:
    """One whose digest is none points nowhere; a type that is none is left out."""
    content = body(
        layers=[{"digest": LAYER["digest"]}, {"digest": "md5:1"}, {}, None, {**CONFIG, "mediaType": 1, "size": -1}],
        subject={"digest": LAYER["digest"]},
        artifactType="no type",
        annotations={"a": "b", "c": 1, "d": "\ud800"},
    )

    manifest = read_served(content)

    assert {str(each.digest) for each in manifest.blobs} == {CONFIG["digest"], LAYER["digest"]}
    assert manifest.subject is not None
    assert str(manifest.subject.digest) == LAYER["digest"]
    assert (manifest.artifact_type, manifest.annotations) == (OCI_CONFIG, {"a": "b"})


def test_what_may_lie_elsewhere_is_not_needed() -> None:
    """Foreign layers are told from the others, however else the manifest is read."""
    foreign = descriptor(b"foreign", FOREIGN_LAYER)

    manifest = read_served(body(Layers=[LAYER, foreign, foreign]))

    assert [str(each.digest) for each in manifest.elsewhere] == [foreign["digest"]]
    assert str(LAYER["digest"]) in {str(each.digest) for each in manifest.blobs}


def test_an_index_holds_what_it_lists() -> None:
    """Its entries are children, and nothing of it is a blob."""
    content = json.dumps({"schemaVersion": 2, "Manifests": [LAYER, LAYER]}).encode()

    manifest = read_served(content)

    assert ([str(each.digest) for each in manifest.children], manifest.blobs) == ([LAYER["digest"]], ())
