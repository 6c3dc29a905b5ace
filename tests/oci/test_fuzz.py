"""Valid manifests, broken at random: what comes of them is a manifest that holds together, or ManifestInvalid."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.digest import Digest
from jettison.oci.document import LARGEST_SIZE
from jettison.oci.errors import ManifestInvalid
from jettison.oci.manifest import Manifest
from jettison.oci.media_types import INDEX_TYPES, MANIFEST_TYPES, is_non_distributable
from tests.oci.examples import KINDS, body, entry

Place = tuple[Any, Any]

wrong = st.one_of(
    st.none(),
    st.booleans(),
    st.integers() | st.sampled_from([-1, 2**63, 2**64, 10**30]),
    st.floats(),
    st.text(st.characters(exclude_categories=[])),
    st.sampled_from(["", "sha256:", "\ud800", "a/b\n", *KINDS]),
    st.just([]),
    st.just({}),
    st.sampled_from([entry("other"), [entry("other")], {"a": 1}]),
).map(copy.deepcopy)  # what is drawn may be broken further, and must not be broken for the next example
names = st.sampled_from(
    [
        "mediaType",
        "MediaType",
        "layers",
        "manifests",
        "config",
        "blobs",
        "subject",
        "size",
        "digest",
        "annotations",
        "x",
    ]
)


def places(value: Any) -> Iterator[Place]:
    """Every object and list in `value`, with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


@st.composite
def broken(draw: st.DrawFn) -> tuple[bytes, str | None]:
    """The bytes of a manifest with a few faults, and its Content-Type."""
    media_type = draw(st.sampled_from(KINDS))
    manifest: Any = copy.deepcopy(body(media_type) | draw(st.sampled_from([{}, {"subject": entry("subject")}])))
    for _ in range(draw(st.integers(1, 3))):
        container, key = draw(st.sampled_from(list(places(manifest)) or [({}, "x")]))
        fault = draw(st.sampled_from(["drop", "replace", "add", "double", "nest"]))
        if fault == "drop":
            container.pop(key, None) if isinstance(container, dict) else container.pop(key)
        elif fault == "replace":
            container[key] = draw(wrong)
        elif fault == "add" and isinstance(container, dict):
            container[draw(names)] = draw(wrong)
        elif fault == "double" and isinstance(container, list):
            container.append(copy.deepcopy(container[key]))
        elif fault == "nest":
            container[key] = nested(container.get(key) if isinstance(container, dict) else container[key], draw)
    content = json.dumps(manifest).encode()
    if draw(st.booleans()):
        content = cut(content, draw)
    return content, draw(st.sampled_from([media_type, None, *KINDS]))


def nested(value: Any, draw: st.DrawFn) -> Any:
    """The value within lists, few or too many."""
    for _ in range(draw(st.sampled_from([1, 90, 120]))):
        value = [value]
    return value


def cut(content: bytes, draw: st.DrawFn) -> bytes:
    """The content with a piece left out, doubled or replaced."""
    start = draw(st.integers(0, len(content)))
    stop = draw(st.integers(start, min(start + 20, len(content))))
    return (
        content[:start]
        + draw(st.sampled_from([b"", content[start:stop] * 2, b'"', b"\xff", b"[", b"}"]))
        + content[stop:]
    )


def check(manifest: Manifest, content: bytes) -> None:
    """Everything that the rest of the registry relies on."""
    assert manifest.content == content
    assert manifest.digest == Digest.of(content)
    assert manifest.media_type in MANIFEST_TYPES
    for listed in (manifest.blobs, manifest.children, manifest.elsewhere):
        digests = [each.digest for each in listed]
        assert len(set(digests)) == len(digests)
        for each in listed:
            assert Digest.parse(str(each.digest)) == each.digest
            assert 0 <= each.size <= LARGEST_SIZE
            json.dumps(each.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert not (manifest.blobs and manifest.children)
    assert manifest.is_index == (manifest.media_type in INDEX_TYPES)
    assert all(is_non_distributable(each.media_type) for each in manifest.elsewhere)
    json.dumps([manifest.artifact_type, dict(manifest.annotations)], ensure_ascii=False).encode("utf-8")


@given(broken())
def test_a_broken_manifest_is_refused_or_holds_together(sent: tuple[bytes, str | None]) -> None:
    """Nothing but ManifestInvalid is raised, with a message that can be sent, and what is read can be relied on."""
    content, media_type = sent
    try:
        manifest = Manifest.parse(content, media_type)
    except ManifestInvalid as error:
        error.message.encode("utf-8")
        assert len(error.message) < 2000  # noqa: PT017
    else:
        check(manifest, content)


@given(st.sampled_from(KINDS), st.data())
def test_a_doubled_field_is_always_refused(media_type: str, data: st.DataObject) -> None:
    """Wherever an object says a field twice, and however the second is spelled, the manifest is refused."""
    manifest: Any = body(media_type)
    objects = [manifest, *(found[key] for found, key in places(manifest) if isinstance(found[key], dict))]
    chosen = data.draw(st.sampled_from(objects))
    name = data.draw(st.sampled_from(sorted(chosen)))
    chosen["\0"] = data.draw(wrong)
    spelled = (
        json.dumps(name) if data.draw(st.booleans()) else '"' + "".join(f"\\u{ord(each):04x}" for each in name) + '"'
    )
    content = json.dumps(manifest).replace(json.dumps("\0"), spelled).encode()
    with pytest.raises(ManifestInvalid):
        Manifest.parse(content, media_type)


@given(st.binary(), st.sampled_from([None, *KINDS]) | st.text(st.characters(exclude_categories=[])))
def test_any_bytes_of_any_type_are_refused(content: bytes, media_type: str | None) -> None:
    """Bytes at random are no manifest, and headers at random no media type."""
    with pytest.raises(ManifestInvalid) as raised:
        Manifest.parse(content, media_type)
    raised.value.message.encode("utf-8")


@given(st.text(st.characters(exclude_categories=[])))
def test_a_media_type_at_random_is_refused_with_a_message(media_type: str) -> None:
    """Whatever a body says it is, the refusal can be sent."""
    try:
        check(Manifest.parse(content := json.dumps(body(KINDS[0]) | {"mediaType": media_type}).encode(), None), content)
    except ManifestInvalid as error:
        error.message.encode("utf-8")
