from __future__ import annotations

import json
import re
from typing import Any

import pytest

from jettison.oci.digest import Digest
from jettison.oci.errors import Denied, ManifestInvalid
from jettison.oci.manifest import Manifest
from jettison.registry.policy import Policy

_INDEX = "application/vnd.oci.image.index.v1+json"
_IMAGE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"


def _descriptor(number: int, media_type: str = "application/octet-stream", **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "size": 1, "digest": f"sha256:{number:064x}", **more}


def _manifest(media_type: str, **fields: Any) -> Manifest:
    return Manifest.parse(json.dumps({"schemaVersion": 2, "mediaType": media_type, **fields}).encode(), media_type)


def _image(config: str = _CONFIG, **layer: Any) -> Manifest:
    layers = [_descriptor(2, "application/vnd.oci.image.layer.v1.tar", **layer)]
    return _manifest(_IMAGE, config=_descriptor(1, config), layers=layers)


def test_without_a_policy_everything_is_taken() -> None:
    """Any class, any place, and an index needs all of its entries."""
    policy = Policy()
    policy.check(_image("application/vnd.cncf.helm.config.v1+json", urls=["https://anywhere.test/"]))
    index = _manifest(_INDEX, manifests=[_descriptor(1), _descriptor(2)])
    digests = [child.digest for child in index.children]
    assert policy.needed(index, digests) == digests


def test_only_the_classes_that_are_named_are_taken() -> None:
    """An image is of a class by its config; an index is of none. Whoever pushes another is told what is taken."""
    policy = Policy(classes=frozenset({"image"}))
    policy.check(_image())
    policy.check(_image("application/vnd.docker.container.image.v1+json"))
    policy.check(_manifest(_INDEX, manifests=[]))
    with pytest.raises(Denied, match="of the class plugin is not taken here: this registry takes image"):
        policy.check(_image("application/vnd.docker.plugin.v1+json"))
    with pytest.raises(Denied, match="whose config is 'application/vnd"):
        policy.check(_image("application/vnd.cncf.helm.config.v1+json"))


def test_an_index_needs_the_platforms_that_are_listed() -> None:
    """Of what is missing, only the entries of these platforms keep an index out."""
    children = [
        _descriptor(1, platform={"architecture": "amd64", "os": "linux"}),
        _descriptor(2, platform={"architecture": "amd64", "os": "windows"}),
        _descriptor(3),
    ]
    index = _manifest(_INDEX, manifests=children)
    policy = Policy(platforms=frozenset({("amd64", "linux")}))
    assert policy.needed(index, [child.digest for child in index.children]) == [Digest.parse(f"sha256:{1:064x}")]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://example.com/x", True),
        ("https://www.example.com/x", False),
        ("https://other.test/x?https://example.com/", False),
    ],
)
@pytest.mark.parametrize("kind", ["", "nondistributable."])
def test_layers_come_from_allowed_places_only(url: str, taken: bool, kind: str) -> None:
    """Each URL of a layer matches one that is allowed and none that is denied, whether the layer is here or not."""
    policy = Policy(allowed=re.compile("^https://([^/]+[.])?example[.]com/"), denied=re.compile("www"))
    layer = _descriptor(2, f"application/vnd.oci.image.layer.{kind}v1.tar", urls=[url])
    image = _manifest(_IMAGE, config=_descriptor(1, _CONFIG), layers=[layer])
    if taken:
        policy.check(image)
    else:
        with pytest.raises(ManifestInvalid, match="which is not allowed here: push the layer itself"):
            policy.check(image)
