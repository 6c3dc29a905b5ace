from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jettison.oci.descriptor import Descriptor
from jettison.oci.errors import ManifestInvalid
from tests.oci.examples import digests, entry

texts = st.text(max_size=20)
media_types = st.from_regex(r"[a-z]{1,9}/[a-z0-9.+-]{1,30}(; [a-z]{1,5}=[a-z]{1,5})?", fullmatch=True)
platforms = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("architecture", "os", "os.version", "variant"), texts.filter(bool)),
        "os.features": st.lists(texts, min_size=1, max_size=3),
    },
)
descriptors = st.builds(
    Descriptor,
    media_type=media_types,
    digest=digests,
    size=st.integers(0, 2**63 - 1),
    artifact_type=st.none() | media_types,
    annotations=st.dictionaries(texts, texts, max_size=3),
    platform=st.none() | platforms,
)


@given(descriptors)
def test_a_descriptor_survives_json(descriptor: Descriptor) -> None:
    """What is written can be read back."""
    assert Descriptor.parse(json.loads(json.dumps(descriptor.to_json())), "subject") == descriptor


def test_what_is_absent_is_not_written() -> None:
    """A descriptor of three fields is written with three."""
    written = entry("layer")
    assert Descriptor.parse(written, "config").to_json() == written


def test_what_is_null_or_empty_is_absent() -> None:
    """Clients write empty fields in both ways."""
    nothing: dict[str, Any] = {
        "artifactType": "",
        "annotations": None,
        "platform": None,
        "urls": None,
        "data": None,
    }
    assert Descriptor.parse(entry("layer", **nothing), "config") == Descriptor.parse(entry("layer"), "config")


def test_further_fields_are_legal() -> None:
    """Embedded data, addresses and custom fields are allowed, whatever their names in annotations and platforms."""
    read = Descriptor.parse(
        entry(
            "layer",
            data="bGF5ZXI=",
            urls=["https://example.com/layer"],
            annotations={"Size": "custom", "digest": "custom"},
            platform={"os": "linux", "OS": "custom", "custom": [[1]]},
            custom={"mediatype": [None, 1, {}]},
        ),
        "layers[0]",
    )
    assert read.annotations == {"Size": "custom", "digest": "custom"}
    assert read.platform == {"os": "linux"}


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"mediaType": None}, r"layers\[3\]\.mediaType is required"),
        ({"mediaType": ""}, r"layers\[3\]\.mediaType is required"),
        ({"mediaType": 1}, r"layers\[3\]\.mediaType must be a string, and is 1"),
        ({"mediaType": "layer"}, r"layers\[3\]\.mediaType must be a media type"),
        ({"mediaType": "a/b\r\nX: y"}, r"layers\[3\]\.mediaType must be a media type"),
        ({"mediaType": "a/b\n"}, r"layers\[3\]\.mediaType must be a media type"),
        ({"mediaType": "a/é"}, r"layers\[3\]\.mediaType must be a media type"),
        ({"mediaType": "a/" + "b" * 1000}, r"layers\[3\]\.mediaType must be a media type"),
        ({"digest": None}, r"layers\[3\]\.digest is required"),
        ({"digest": "sha256:abc"}, r"layers\[3\]\.digest: digest 'sha256:abc' is not valid: a digest is sha256: and"),
        ({"digest": ["sha256:abc"]}, r"layers\[3\]\.digest must be a string, and is a list"),
        ({"size": None}, r"layers\[3\]\.size must be an integer from 0 to 9223372036854775807, and is null"),
        ({"size": -1}, r"layers\[3\]\.size must be an integer .* and is -1"),
        ({"size": 2**63}, r"layers\[3\]\.size must be an integer .* and is a number"),
        ({"size": 1.0}, r"layers\[3\]\.size must be an integer .* and is 1\.0"),
        ({"size": 1e300}, r"layers\[3\]\.size must be an integer"),
        ({"size": True}, r"layers\[3\]\.size must be an integer .* and is true"),
        ({"size": "1"}, r"layers\[3\]\.size must be an integer .* and is a string"),
        ({"artifactType": 1}, r"layers\[3\]\.artifactType must be a string"),
        ({"artifactType": "no type"}, r"layers\[3\]\.artifactType must be a media type"),
        ({"annotations": []}, r"layers\[3\]\.annotations must be a JSON object, and is a list"),
        ({"annotations": {"a": 1}}, r"layers\[3\]\.annotations\.a must be a string, and is 1"),
        ({"annotations": {"a": None}}, r"layers\[3\]\.annotations\.a must be a string, and is null"),
        ({"annotations": {"a": "\ud800"}}, r"layers\[3\]\.annotations\.a has half of a surrogate pair"),
        ({"annotations": {"\udfff": "a"}}, r"layers\[3\]\.annotations has half of a surrogate pair"),
        ({"annotations": {"a\n" * 999: 1}}, r"must be a string, and is 1"),
        ({"platform": "linux/amd64"}, r"layers\[3\]\.platform must be a JSON object, and is a string"),
        ({"platform": {"os": ["linux"]}}, r"layers\[3\]\.platform\.os must be a string"),
        ({"platform": {"os.features": "x"}}, r"layers\[3\]\.platform\.os\.features must be a list"),
        ({"platform": {"os.features": [1]}}, r"layers\[3\]\.platform\.os\.features\[0\] must be a string"),
        ({"urls": "https://example.com"}, r"layers\[3\]\.urls must be a list"),
        ({"urls": [{}]}, r"layers\[3\]\.urls\[0\] must be a string, and is an object"),
        ({"data": {}}, r"layers\[3\]\.data must be a string"),
        ({"Digest": "sha256:abc"}, r"'layers\[3\]\.Digest' must be spelled 'digest'"),
        ({"\N{LATIN SMALL LETTER LONG S}ize": 1}, r"must be spelled 'size'"),
    ],
)
def test_a_wrong_field_is_refused_by_its_place(change: dict[str, Any], because: str) -> None:
    """The message names the descriptor, the field and what it should be, and is short."""
    with pytest.raises(ManifestInvalid, match=because) as raised:
        Descriptor.parse({**entry("layer"), **change}, "layers[3]")
    raised.value.message.encode("utf-8")
    assert len(raised.value.message) < 600


@pytest.mark.parametrize("value", [None, [], "sha256:abc", 1, True])
def test_what_is_no_object_is_no_descriptor(value: object) -> None:
    """A descriptor is a JSON object and nothing else."""
    with pytest.raises(ManifestInvalid, match="config must be a JSON object"):
        Descriptor.parse(value, "config")
