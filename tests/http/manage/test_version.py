"""One version over HTTP."""

from __future__ import annotations

import json

from tests.http.manage.api import Api
from tests.http.refusal import assert_refused
from tests.http.repository import Repository, image

VERSION = "/api/v1/version"


def test_a_version_is_asked_by_its_tag_or_digest(api: Api, repository: Repository) -> None:
    """Layers, config, text, and what holds it."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Labels": {"a": "<b>"}}}).encode()
    repository.push_blob(config)
    repository.push_blob(b"layer")
    manifest = image(config, b"layer", annotations={"c": "d"})
    digest = repository.push(manifest, "v1")

    found = api.get(f"{VERSION}/{repository.name}", reference="v1")

    assert found == api.get(f"{VERSION}/{repository.name}", reference=digest)
    assert (found["repository"], found["digest"], found["platforms"]) == (repository.name, digest, ["linux/amd64"])
    assert json.loads(found["manifest"]) == manifest
    assert found["annotations"] == {"c": "d"}
    [only] = found["images"]
    assert only["config"]["labels"] == {"a": "<b>"}
    assert [layer["size"] for layer in only["layers"]] == [5]
    assert [place["repository"] for place in found["why"]["places"]] == [repository.name]


def test_it_has_to_be_named(api: Api, repository: Repository) -> None:
    """Without a name it is refused, and what is not there is unknown."""
    repository.push_image("layer", "v1")
    path = f"{VERSION}/{repository.name}"
    for parameters in ({}, {"tag": "v1"}):
        assert api.client.get(path, params=parameters).status_code == 400
    assert_refused(api.client.get(path, params={"reference": "v2"}), 404, "MANIFEST_UNKNOWN")
    assert_refused(api.client.get(path, params={"reference": "sha256:0"}), 400, "DIGEST_INVALID")
    assert_refused(api.client.get(path, params={"reference": "-"}), 400, "TAG_INVALID")
