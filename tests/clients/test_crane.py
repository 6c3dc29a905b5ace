from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.support.api import Api, Uploads
from tests.support.client import Client, Home
from tests.support.layout import DOCKER_IMAGE, build_context, sha256, two_platforms
from tests.support.server import JettisonServer

pytestmark = [pytest.mark.needs("crane"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def crane(home: Home) -> Client:
    """Crane."""
    return home.client("crane")


def append(crane: Client, work: Path, name: str) -> str:
    """Push a new image as ``name``, made by appending a layer to nothing; return its digest."""
    layer = work / "layer.tar"
    with tarfile.open(layer, "w") as tar:
        tar.add(build_context(work) / "content", arcname="content")
    return crane("append", "--new_layer", str(layer), "--new_tag", name).rpartition("@")[2]


def test_what_is_pushed_comes_back_the_same(crane: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An image goes there, comes back as a layout with the same digest, and every byte of it is validated."""
    name = f"{server.address}/crane/same"
    digest = append(crane, work, f"{name}:1")

    crane("pull", "--format", "oci", f"{name}:1", str(work / "back"))

    assert crane("digest", f"{name}:1") == digest == api.digest("crane/same", "1")
    assert json.loads((work / "back" / "index.json").read_text())["manifests"][0]["digest"] == digest
    assert crane("validate", "--remote", f"{name}:1").startswith("PASS")

    crane("push", str(work / "back"), f"{name}:2")

    assert api.digest("crane/same", "2") == digest


def test_it_lists(crane: Client, server: JettisonServer, work: Path) -> None:
    """Repositories and tags are listed."""
    name = f"{server.address}/crane/listed"
    append(crane, work, f"{name}:1")
    crane("tag", f"{name}:1", "2")

    assert "crane/listed" in crane("catalog", server.address).splitlines()
    assert crane("ls", name).splitlines() == ["1", "2"]


def test_deleting_a_tag_leaves_its_siblings(crane: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """`crane delete` of a tag takes that tag only, even from a version that has another; of a digest, the version."""
    name = f"{server.address}/crane/deleted"
    digest = append(crane, work, f"{name}:1")
    crane("tag", f"{name}:1", "same")
    append(crane, work, f"{name}:other")

    crane("delete", f"{name}:same")

    assert api.tags("crane/deleted") == ["1", "other"]
    assert api.digest("crane/deleted", "1") == digest

    crane("delete", f"{name}@{digest}")

    assert api.tags("crane/deleted") == ["other"]
    assert "MANIFEST_UNKNOWN" in crane.refused("manifest", f"{name}:1")

    crane("delete", f"{name}@{api.digest('crane/deleted', 'other')}")

    assert "crane/deleted" not in api.catalog()


def test_an_index_keeps_all_its_platforms(crane: Client, server: JettisonServer, api: Api, work: Path) -> None:
    """An index made of pushed images, and one from a layout, are served with their children, and go with them."""
    name = f"{server.address}/crane/index"
    layout, index, images = two_platforms(work / "layout")
    crane("push", "--index", str(layout.folder), f"{name}:outer")
    amd64, arm64 = (f"{name}@{image['digest']}" for image in images)
    crane("index", "append", "--manifest", amd64, "--manifest", arm64, "--tag", f"{name}:1")

    appended = json.loads(crane("manifest", f"{name}:1"))
    assert [entry["digest"] for entry in appended["manifests"]] == [image["digest"] for image in images]
    assert crane("validate", "--remote", f"{name}:1").startswith("PASS")
    assert crane("digest", "--platform", "linux/arm64", f"{name}:1") == images[1]["digest"]
    assert api.has("crane/index", index["digest"])

    crane("delete", f"{name}@{crane('digest', f'{name}:1')}")
    assert all(api.has("crane/index", image["digest"]) for image in images), "the other index still holds them"
    crane("delete", f"{name}@{crane('digest', f'{name}:outer')}")

    assert not any(api.has("crane/index", image["digest"]) for image in images)
    assert "crane/index" not in api.catalog()


def test_copying_between_repositories_sends_no_blob(
    crane: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """What the registry has in one repository is mounted into another, and outlives the first."""
    digest = append(crane, work, f"{server.address}/crane/here:1")

    with api.uploads() as uploads:
        crane("copy", f"{server.address}/crane/here:1", f"{server.address}/crane/there:1")
    api.delete("/v2/crane/here")

    assert uploads == Uploads(mounted=2)
    assert crane("digest", f"{server.address}/crane/there:1") == digest
    assert crane("validate", "--remote", f"{server.address}/crane/there:1").startswith("PASS")


def test_docker_schema_2_keeps_its_bytes_and_its_type(
    crane: Client, server: JettisonServer, api: Api, work: Path
) -> None:
    """Crane makes Docker's schema 2: it is stored and served as it was sent."""
    digest = append(crane, work, f"{server.address}/crane/schema2:1")

    stored = api.manifest("crane/schema2", "1")

    assert stored is not None
    assert stored.media_type == DOCKER_IMAGE == json.loads(stored.content)["mediaType"]
    assert sha256(stored.content) == digest
