from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import DigestInvalid, ManifestInvalid
from jettison.oci.manifest import Manifest
from jettison.oci.media_types import (
    DOCKER_CONFIG,
    DOCKER_IMAGE,
    DOCKER_INDEX,
    OCI_ARTIFACT,
    OCI_CONFIG,
    OCI_EMPTY,
    OCI_IMAGE,
    OCI_INDEX,
    SCHEMA1_TYPES,
)
from tests.oci.examples import KINDS, Body, body, entry, written

FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


def parsed(manifest: Body, media_type: str | None = None) -> Manifest:
    """The manifest as it is read from its JSON."""
    return Manifest.parse(written(manifest), media_type)


def named(*names: str) -> list[Digest]:
    """The digests of `entry(name)` for each of the names."""
    return [Digest.of(name.encode()) for name in names]


@pytest.mark.parametrize("media_type", KINDS)
def test_the_bytes_are_kept_and_named_by_their_digest(media_type: str) -> None:
    """A manifest is served as it was pushed: white space, order and unknown fields are part of it."""
    content = json.dumps({"custom": [1, {}], **body(media_type)}, indent=3).encode() + b"\n"
    manifest = Manifest.parse(content, media_type)
    assert manifest.content == content
    assert manifest.media_type == media_type
    assert str(manifest.digest) == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert str(Manifest.parse(content, media_type, "sha512").digest) == f"sha512:{hashlib.sha512(content).hexdigest()}"
    with pytest.raises(DigestInvalid):
        Manifest.parse(content, media_type, "md5")


@pytest.mark.parametrize(
    ("media_type", "blobs", "children"),
    [
        (OCI_IMAGE, ["config", "first layer", "second layer"], []),
        (DOCKER_IMAGE, ["config", "first layer", "second layer"], []),
        (OCI_ARTIFACT, ["first blob", "second blob"], []),
        (OCI_INDEX, [], ["first child", "second child"]),
        (DOCKER_INDEX, [], ["first child", "second child"]),
    ],
)
def test_a_manifest_knows_what_it_needs(media_type: str, blobs: list[str], children: list[str]) -> None:
    """Blobs are the config and the layers, children the entries of an index, in order."""
    manifest = parsed(body(media_type))
    assert [each.digest for each in manifest.blobs] == named(*blobs)
    assert [each.digest for each in manifest.children] == named(*children)
    assert manifest.is_index == bool(children)
    assert (manifest.config is not None) == ("config" in blobs)
    assert manifest.elsewhere == ()
    assert manifest.subject is None
    assert manifest.annotations == {}


def test_what_is_needed_twice_is_named_once() -> None:
    """Layers may repeat, and a layer may be the config (as the empty descriptor is)."""
    empty = entry("{}", OCI_EMPTY)
    image = body(OCI_IMAGE) | {"config": empty, "layers": [entry("a"), empty, entry("b"), entry("a")]}
    assert [each.digest for each in parsed(image).blobs] == named("{}", "a", "b")
    index = body(OCI_INDEX) | {"manifests": [entry("b"), entry("a"), entry("b")]}
    assert [each.digest for each in parsed(index).children] == named("b", "a")


def test_non_distributable_layers_are_apart() -> None:
    """The registry need not have them; what some other descriptor calls distributable, it needs."""
    foreign = [entry("windows", FOREIGN, urls=["https://example.com/windows"]), entry("both", FOREIGN)]
    manifest = parsed(body(DOCKER_IMAGE) | {"layers": [*foreign, entry("own"), entry("both"), foreign[0]]})
    assert [each.digest for each in manifest.blobs] == named("config", "own", "both")
    assert [each.digest for each in manifest.elsewhere] == named("windows")


def test_an_index_may_list_anything() -> None:
    """Build caches list layers in an index: entries are of any media type."""
    index = body(OCI_INDEX) | {"manifests": [entry("layer"), entry("odd", "application/x; a=b"), entry("w", FOREIGN)]}
    assert [each.digest for each in parsed(index).children] == named("layer", "odd", "w")


@pytest.mark.parametrize("nothing", [[], None])
@pytest.mark.parametrize(
    ("media_type", "name"), [(OCI_IMAGE, "layers"), (OCI_INDEX, "manifests"), (OCI_ARTIFACT, "blobs")]
)
def test_a_list_may_be_empty_or_null(media_type: str, name: str, nothing: list[Any] | None) -> None:
    """Images without layers exist, and clients write null for empty lists."""
    manifest = parsed(body(media_type) | {name: nothing})
    assert manifest.children == ()
    assert manifest.blobs == (() if manifest.config is None else (manifest.config,))


@pytest.mark.parametrize(
    ("media_type", "change", "expected"),
    [
        (OCI_IMAGE, {}, OCI_CONFIG),
        (OCI_IMAGE, {"artifactType": ""}, OCI_CONFIG),
        (OCI_IMAGE, {"artifactType": "application/vnd.example"}, "application/vnd.example"),
        (DOCKER_IMAGE, {}, DOCKER_CONFIG),
        (OCI_INDEX, {}, None),
        (OCI_INDEX, {"artifactType": ""}, None),
        (OCI_INDEX, {"artifactType": "application/vnd.example"}, "application/vnd.example"),
        (OCI_ARTIFACT, {}, "application/vnd.example"),
        (OCI_ARTIFACT, {"artifactType": None}, None),
    ],
)
def test_the_artifact_type_is_what_referrers_report(media_type: str, change: Body, expected: str | None) -> None:
    """The manifest's own, else an image's config media type (OCI distribution 1.1, "Listing Referrers")."""
    assert parsed(body(media_type) | change).artifact_type == expected


@pytest.mark.parametrize("media_type", KINDS)
def test_subject_and_annotations_are_read(media_type: str) -> None:
    """Every kind may refer to a subject and be annotated."""
    manifest = parsed(body(media_type) | {"subject": entry("subject", OCI_IMAGE), "annotations": {"a": "é", "": ""}})
    assert manifest.subject is not None
    assert [manifest.subject.digest] == named("subject")
    assert manifest.annotations == {"a": "é", "": ""}


def without_media_type(media_type: str) -> Body:
    """A manifest of this type that does not say so."""
    return {name: value for name, value in body(media_type).items() if name != "mediaType"}


def test_an_artifact_manifest_must_say_what_it_is() -> None:
    """Nothing else in it is required, so that without this any object would be one."""
    for silent in ({}, without_media_type(OCI_ARTIFACT)):
        with pytest.raises(ManifestInvalid, match="mediaType is required"):
            parsed(silent, OCI_ARTIFACT)


@pytest.mark.parametrize("media_type", [OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_INDEX])
def test_the_media_type_is_of_the_header_or_of_the_body(media_type: str) -> None:
    """One of them suffices; the header's is read in any case, as RFC 9110 has it."""
    silent = without_media_type(media_type)
    assert parsed(silent, media_type).media_type == media_type
    assert parsed(silent, f" {media_type.upper()} ").media_type == media_type
    assert parsed(body(media_type), "").media_type == media_type
    with pytest.raises(ManifestInvalid, match="has no media type: set Content-Type"):
        parsed(silent)


@pytest.mark.parametrize("header", KINDS)
@pytest.mark.parametrize("own", KINDS)
def test_a_body_unlike_its_content_type_is_refused(header: str, own: str) -> None:
    """A client that trusts the one would see another manifest than a client that trusts the other."""
    if own == header:
        assert parsed(body(own), header).media_type == own
        return
    with pytest.raises(ManifestInvalid, match="they must be the same"):
        parsed(body(own), header)


@pytest.mark.parametrize(
    "media_type", ["application/json", "text/plain", "*/*", OCI_CONFIG, OCI_IMAGE + "x", "\n", "é"]
)
def test_other_media_types_are_refused(media_type: str) -> None:
    """The message lists what can be pushed, whether the type stood in the header or in the body."""
    for manifest, header in ((body(OCI_IMAGE), media_type), (body(OCI_IMAGE) | {"mediaType": media_type}, None)):
        with pytest.raises(ManifestInvalid, match="is not that of a manifest this registry stores") as raised:
            parsed(manifest, header)
        assert OCI_INDEX in raised.value.message


@pytest.mark.parametrize("media_type", sorted(SCHEMA1_TYPES))
def test_schema_1_is_refused_with_what_to_do(media_type: str) -> None:
    """By its header, by its body's media type, by its version and by its layers' name."""
    schema1 = {"schemaVersion": 1, "name": "a", "tag": "b", "fsLayers": [{"blobSum": "sha256:abc"}]}
    for manifest, header in (
        (schema1, media_type),
        ({"schemaVersion": 2, "mediaType": media_type}, None),
        (schema1, None),
        (schema1, OCI_IMAGE),
        (body(DOCKER_IMAGE) | {"schemaVersion": 1}, DOCKER_IMAGE),
        (body(DOCKER_IMAGE) | {"fsLayers": []}, DOCKER_IMAGE),
    ):
        with pytest.raises(ManifestInvalid, match=r"schema 1 .* not supported: push with .* docker 1\.10, .*skopeo"):
            parsed(manifest, header)


@pytest.mark.parametrize("version", [None, 0, 3, 2.0, True, "2", [2], 2**70])
@pytest.mark.parametrize("media_type", [OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_INDEX])
def test_the_schema_version_must_be_2(media_type: str, version: object) -> None:
    """No other version of these manifests exists."""
    with pytest.raises(ManifestInvalid, match="schemaVersion must be 2, and is "):
        parsed(body(media_type) | {"schemaVersion": version})


@pytest.mark.parametrize(
    ("media_type", "change"),
    [
        (OCI_IMAGE, {"manifests": [entry("child", OCI_IMAGE)]}),
        (DOCKER_IMAGE, {"manifests": []}),
        (OCI_INDEX, {"layers": [entry("layer")]}),
        (DOCKER_INDEX, {"config": entry("config", OCI_CONFIG)}),
        (OCI_ARTIFACT, {"manifests": [entry("child", OCI_IMAGE)]}),
        (OCI_ARTIFACT, {"layers": [entry("layer")]}),
    ],
)
def test_a_body_of_two_kinds_is_refused(media_type: str, change: Body) -> None:
    """A manifest that one client takes for an image and another for an index hides content (CVE-2021-41190)."""
    with pytest.raises(ManifestInvalid, match=f"must not have the field '{next(iter(change))}': it is ambiguous"):
        parsed(body(media_type) | change, media_type)


@pytest.mark.parametrize("name", ["mediaType", "layers", "config", "manifests", "subject", "digest", "custom"])
def test_a_field_named_twice_is_refused(name: str) -> None:
    """Parsers differ in which of the two they take."""
    content = written(body(OCI_IMAGE))
    for twice in (
        content[:-1] + f',"{name}":1,"{name}":1}}'.encode(),
        content.replace(b'"config": {', f'"config": {{"{name}":1,"{name}":1,'.encode()),
    ):
        with pytest.raises(ManifestInvalid, match=f"has the field '{name}' twice"):
            Manifest.parse(twice, OCI_IMAGE)


@pytest.mark.parametrize(
    "name", ["Manifests", "MEDIATYPE", "layer\N{LATIN SMALL LETTER LONG S}", "Subject", "fslayers"]
)
def test_a_field_in_another_case_is_refused(name: str) -> None:
    """Some parsers read it as the known field and some do not."""
    with pytest.raises(ManifestInvalid, match="must be spelled"):
        parsed(body(OCI_IMAGE) | {name: []})


@pytest.mark.parametrize(
    ("media_type", "change", "because"),
    [
        (OCI_IMAGE, {"config": None}, "config is required"),
        (OCI_IMAGE, {"config": []}, "config must be a JSON object, and is a list"),
        (OCI_IMAGE, {"layers": {}}, "layers must be a list, and is an object"),
        (OCI_IMAGE, {"layers": [entry("a"), None]}, r"layers\[1\] must be a JSON object, and is null"),
        (OCI_IMAGE, {"layers": [entry("a", digest="md5:00")]}, r"layers\[0\]\.digest: digest 'md5:00' is not valid"),
        (OCI_IMAGE, {"layers": [entry("a", FOREIGN, size=-1)]}, r"layers\[0\]\.size must be an integer"),
        (OCI_IMAGE, {"subject": "sha256:abc"}, "subject must be a JSON object, and is a string"),
        (OCI_IMAGE, {"subject": {}}, r"subject\.mediaType is required"),
        (OCI_IMAGE, {"annotations": {"a": {}}}, r"annotations\.a must be a string, and is an object"),
        (OCI_IMAGE, {"artifactType": 1}, "artifactType must be a string, and is 1"),
        (OCI_IMAGE, {"artifactType": "example"}, "artifactType must be a media type"),
        (OCI_IMAGE, {"mediaType": 1}, "mediaType must be a string, and is 1"),
        (OCI_INDEX, {"manifests": "none"}, "manifests must be a list, and is a string"),
        (OCI_INDEX, {"manifests": [entry("a", size=None)]}, r"manifests\[0\]\.size must be an integer"),
        (OCI_ARTIFACT, {"blobs": [1]}, r"blobs\[0\] must be a JSON object, and is 1"),
    ],
)
def test_a_wrong_field_is_refused_by_its_place(media_type: str, change: Body, because: str) -> None:
    """The message names the field and what it should be."""
    with pytest.raises(ManifestInvalid, match=because):
        parsed(body(media_type) | change)


@pytest.mark.parametrize("media_type", KINDS)
def test_deep_nesting_in_a_custom_field_is_refused(media_type: str) -> None:
    """Legal fields are no way around the bounds of the document."""
    deep = written(body(media_type))[:-1] + b',"custom":' + b'{"a":' * 5000 + b"1" + b"}" * 5001
    with pytest.raises(ManifestInvalid, match="nests deeper"):
        Manifest.parse(deep, media_type)
